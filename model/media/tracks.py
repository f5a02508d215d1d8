"""The tracks of a file, and which of them are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from model.media.diagnosis import diagnose
from model.media.opening import OPEN_OPTIONS

MAX_AUDIO_TRACKS = 16  # as many as broadcasters record
DEPENDENT = Disposition.visual_impaired | Disposition.comment  # audio about what is seen and said


@dataclass(frozen=True)
class Track:
    """A track as people count them: `number` is 1 for the first of its kind, `codec` FFmpeg's name or a file's tag."""

    kind: str  # audio or video
    number: int
    codec: str
    decodable: bool  # whether there is a decoder for it

    def __str__(self) -> str:
        return f"{self.kind} track {self.number} ({self.codec})"


@dataclass(frozen=True)
class Selection:
    """The streams of a container that are read, and their descriptions: audio with the most important first."""

    audio: list[AudioStream]
    video: VideoStream | None
    audio_tracks: list[Track]
    video_track: Track | None
    undecodable: list[Track]

    @property
    def streams(self) -> list[AudioStream | VideoStream]:
        return [*self.audio, *([] if self.video is None else [self.video])]


def select(container: InputContainer, path: Path, video: bool) -> Selection:
    """The audio tracks, the default one first, and the largest video, the default one among equals.

    Audio that is about the rest (audio description, commentary) is left out beside other audio. Cover art is no
    video. With `video` False, no video is selected.
    """
    sounds, pictures = container.streams.audio, _moving(container.streams.video)
    unknown: dict[int, str] = {}
    if any(stream.codec_context is None for stream in [*sounds, *pictures]):
        unknown = dict(diagnose(path, OPEN_OPTIONS).unknown_codecs)

    def describe(stream: AudioStream | VideoStream, number: int) -> Track:
        known = stream.codec_context is not None
        codec = stream.codec_context.name if known else unknown.get(stream.index, "unknown")
        return Track(stream.type, number, codec, known)

    tracks = {s.index: describe(s, i + 1) for i, s in enumerate(sounds)}
    tracks |= {s.index: describe(s, i + 1) for i, s in enumerate(pictures)}
    heard = [s for s in sounds if tracks[s.index].decodable]
    heard = [s for s in heard if not s.disposition & DEPENDENT] or heard
    audio = sorted(heard, key=_importance)[:MAX_AUDIO_TRACKS]
    decodable = [s for s in pictures if tracks[s.index].decodable]
    chosen = max(decodable, key=_size, default=None)
    return Selection(
        audio,
        chosen if video else None,
        [tracks[s.index] for s in audio],
        None if chosen is None else tracks[chosen.index],
        [track for track in tracks.values() if not track.decodable],
    )


def _moving(streams: Sequence[VideoStream]) -> list[VideoStream]:
    return [s for s in streams if not s.disposition & Disposition.attached_pic]


def language_of(stream: AudioStream) -> str | None:
    """The language that the file states for a track, as it is written there; None where it states none."""
    language = stream.language
    return None if language in (None, "", "und") else language


def _importance(stream: AudioStream) -> tuple[bool, int]:
    """Sorts the track that people hear to the front."""
    return not stream.disposition & Disposition.default, stream.index


def _size(stream: VideoStream) -> tuple[int, bool]:
    context = stream.codec_context
    return context.width * context.height, bool(stream.disposition & Disposition.default)
