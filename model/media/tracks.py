"""Selection of the tracks of a file to read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from model.media.ffmpeg_log import diagnose
from model.media.opening import OPEN_OPTIONS

MAX_AUDIO_TRACKS = 16  # the number that broadcasters record
DEPENDENT = Disposition.visual_impaired | Disposition.comment  # audio description and commentary


@dataclass(frozen=True)
class Track:
    """Description of a track: `number` counts from 1 within its kind, `codec` is FFmpeg's name or the file's tag."""

    kind: str  # audio or video
    number: int
    codec: str
    decodable: bool  # False if there is no decoder for its codec

    def __str__(self) -> str:
        return f"{self.kind} track {self.number} ({self.codec})"

    @property
    def title(self) -> str:
        """Description at the beginning of a sentence: "Audio track 1 (aac)"."""
        return f"{self.kind.capitalize()} track {self.number} ({self.codec})"


@dataclass(frozen=True)
class Selection:
    """Selected streams of a container, the most important audio first, and descriptions of the tracks."""

    audio: list[AudioStream]
    video: VideoStream | None
    audio_tracks: list[Track]
    video_track: Track | None
    undecodable: list[Track]

    @property
    def streams(self) -> list[AudioStream | VideoStream]:
        return [*self.audio, *([] if self.video is None else [self.video])]


def select(container: InputContainer, path: Path, video: bool) -> Selection:
    """Select the audio tracks, the default one first, and the largest video track, the default one among equals.

    Audio description and commentary are skipped if there is other audio. Cover art does not count as video. With
    `video` False, no video is selected.
    """
    audio_streams, video_streams = container.streams.audio, _without_cover_art(container.streams.video)
    unknown: dict[int, str] = {}
    if any(stream.codec_context is None for stream in [*audio_streams, *video_streams]):
        unknown = dict(diagnose(path, OPEN_OPTIONS).unknown_codecs)

    def describe(stream: AudioStream | VideoStream, number: int) -> Track:
        known = stream.codec_context is not None
        codec = stream.codec_context.name if known else unknown.get(stream.index, "unknown")
        return Track(stream.type, number, codec, known)

    tracks = {s.index: describe(s, i + 1) for i, s in enumerate(audio_streams)}
    tracks |= {s.index: describe(s, i + 1) for i, s in enumerate(video_streams)}
    playable = [s for s in audio_streams if tracks[s.index].decodable]
    playable = [s for s in playable if not s.disposition & DEPENDENT] or playable
    audio = sorted(playable, key=_importance)[:MAX_AUDIO_TRACKS]
    decodable = [s for s in video_streams if tracks[s.index].decodable]
    chosen = max(decodable, key=_size, default=None)
    return Selection(
        audio,
        chosen if video else None,
        [tracks[s.index] for s in audio],
        None if chosen is None else tracks[chosen.index],
        [track for track in tracks.values() if not track.decodable],
    )


def _without_cover_art(streams: Sequence[VideoStream]) -> list[VideoStream]:
    return [s for s in streams if not s.disposition & Disposition.attached_pic]


def language_of(stream: AudioStream) -> str | None:
    """Return the language that the file states for a track, unchanged; None if it states none."""
    language = stream.language
    return None if language in (None, "", "und") else language


def _importance(stream: AudioStream) -> tuple[bool, int]:
    """Return a sort key that puts the default track first."""
    return not stream.disposition & Disposition.default, stream.index


def _size(stream: VideoStream) -> tuple[int, bool]:
    context = stream.codec_context
    return context.width * context.height, bool(stream.disposition & Disposition.default)
