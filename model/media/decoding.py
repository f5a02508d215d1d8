"""Decoding a packet, and counting what became of it."""

from dataclasses import dataclass
from typing import Any

from model.media.timeline import AnyPacket, is_flush


@dataclass
class DecodingStatistics:
    """Counters of the packets of one track. Only the thread that decodes it writes them."""

    packets: int = 0
    damaged: int = 0  # packets that the decoder refused, and frames in which it concealed damage
    encrypted: int = 0
    frames: int = 0

    @property
    def failed(self) -> bool:
        """True when there were packets to decode and none could be."""
        return self.packets > 0 and self.frames == 0


def decode(packet: AnyPacket, statistics: DecodingStatistics) -> list[Any]:
    """The packet's frames. Damage is counted, whatever a decoder raises, and never stops the rest."""
    if not is_flush(packet):
        statistics.packets += 1
        if packet.size == 0:  # a dropped frame; a decoder would take it for the end
            return []
        if packet.has_sidedata("encryption_info"):  # a decoder would make noise of it
            statistics.encrypted += 1
            return []
    try:
        frames = packet.decode()
    except Exception:  # of the decoder's library, whatever kind it is
        statistics.damaged += not is_flush(packet)
        return []
    statistics.frames += len(frames)
    statistics.damaged += sum(frame.is_corrupt for frame in frames)
    return frames
