"""Decoding of packets, with statistics of damage."""

from dataclasses import dataclass
from typing import Any

from model.media.timeline import AnyPacket, is_flush


@dataclass
class DecodingStatistics:
    """Packet counters of one track, written only by the thread that decodes it."""

    packets: int = 0
    damaged: int = 0  # packets that the decoder rejected, and frames in which it concealed damage
    encrypted: int = 0
    frames: int = 0

    @property
    def failed(self) -> bool:
        """True when there were packets and none could be decoded."""
        return self.packets > 0 and self.frames == 0


def decode(packet: AnyPacket, statistics: DecodingStatistics) -> list[Any]:
    """Return the packet's frames; errors of the decoder are counted, not raised."""
    if not is_flush(packet):
        statistics.packets += 1
        if packet.size == 0:  # a dropped frame, which the decoder would interpret as a flush
            return []
        if packet.has_sidedata("encryption_info"):  # would be decoded to noise
            statistics.encrypted += 1
            return []
    try:
        frames = packet.decode()
    except Exception:  # decoders raise various types
        statistics.damaged += not is_flush(packet)
        return []
    statistics.frames += len(frames)
    statistics.damaged += sum(frame.is_corrupt for frame in frames)
    return frames
