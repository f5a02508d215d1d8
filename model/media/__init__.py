"""Media in: one pass over a file, giving 16 kHz mono audio and sampled RGB frames, in constant memory.

opening    what may be opened, safely                 tracks     which streams are read
timeline   one clock for all streams of a file        decoding   a packet's frames, and the count of damage
audio      packets -> samples without gaps            downmix    channels -> one, nothing cancels
video      packets -> sampled frames                  reader     the pass over the file
summary    what the file held and what was wrong      diagnosis  what FFmpeg says in its log alone
spool      pipes as files                             examination  memory that a file takes, tried by another process
memory     how much an analysis may take
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
