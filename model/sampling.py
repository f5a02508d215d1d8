"""Selection of the frames of a video that are analyzed."""


class Sampling:
    """Picks pictures by their timestamps, so that a variable frame rate is sampled evenly in time."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._next = 0

    def wants(self, time: float) -> bool:
        slot = int(time * self.rate + 1e-6)
        if slot < self._next:
            return False
        self._next = slot + 1
        return True
