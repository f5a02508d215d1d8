"""Media decoding: one pass over a file yields 16 kHz mono audio and sampled RGB frames, in constant memory.

reader       demuxes the file in one pass            tracks       selects the streams to read
opening      opens containers safely                 timeline     corrects the timestamps of all streams
audio        decodes packets to gapless audio        downmix      mixes channels without cancellation
video        decodes packets to sampled frames       decoding     decodes a packet and counts damage
summary      sums up contents and faults             diagnosis    reads FFmpeg's log for error messages
spool        copies pipes to files                   examination  measures a file's memory use in a subprocess
memory       limits the memory of decoding           errors       errors of this package
"""

from model.media.errors import READ_ERRORS, KeepGoing, MediaError, TooDemandingError, keep_going_always
from model.media.opening import check_demands
from model.media.reader import PACKET_BYTES, Chunk, Reader, probe, read_audio
from model.media.spool import spooled
from model.media.summary import MediaInfo, Summary
from model.media.timeline import AnyPacket, Gap
from model.media.video import Frame, FrameDecoder

__all__ = [
    "PACKET_BYTES",
    "READ_ERRORS",
    "AnyPacket",
    "Chunk",
    "Frame",
    "FrameDecoder",
    "Gap",
    "KeepGoing",
    "MediaError",
    "MediaInfo",
    "Reader",
    "Summary",
    "TooDemandingError",
    "check_demands",
    "keep_going_always",
    "probe",
    "read_audio",
    "spooled",
]
