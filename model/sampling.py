"""Selection of the frames of a video that are analyzed."""


class Sampling:
    """Frame sampler by timestamp, so that a variable frame rate is sampled evenly. `rate` is in frames per second."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._next = 0

    def accepts(self, time: float) -> bool:
        """Return True when the frame at `time`, in seconds, is sampled. Call it in order of time."""
        slot = int(time * self.rate + 1e-6)
        if slot < self._next:
            return False
        self._next = slot + 1
        return True
