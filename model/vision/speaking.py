"""Active speaker detection: a window's faces are matched with its voices by mouth movement in step with the voice.

A single utterance is often too short for a clear match, all utterances of a voice together are not. A face belongs to
the voice during which its mouth moves most, if that is clear.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from model.features import FloatArray
from model.vision.faces import (
    SPEAKING_FLOOR,
    SPEAKING_RATIO,
    FaceObservation,
    Track,
    choose_face,
    mouth_movement,
    overlap,
)

SAME_PLACE = 0.4  # intersection over union of a face before and after a cut away from it
SAME_LOOK = 0.6  # correlation of its mean crops


@dataclass(frozen=True)
class VoiceSegment:
    """Segment of one voice, in seconds, with the audio's level in equal steps from `start` to `end`."""

    voice: int
    start: float
    end: float
    loudness: Sequence[float]


@dataclass
class _Face:
    """Tracks of one face, and how much its mouth moves during each voice's segments."""

    tracks: list[Track]
    moved: dict[int, float] = field(default_factory=dict)  # gray levels times seconds
    seconds: dict[int, float] = field(default_factory=dict)

    @property
    def voice(self) -> int | None:
        """The voice during whose segments the mouth moves most, if that is clear."""
        first, *others = sorted(((self.movement(voice), voice) for voice in self.moved), reverse=True) or [(0.0, 0)]
        clear = first[0] >= SPEAKING_FLOOR and (not others or first[0] >= SPEAKING_RATIO * others[0][0])
        return first[1] if clear else None

    def movement(self, voice: int) -> float:
        """Return how much the mouth moves during a voice's segments, in gray levels."""
        return self.moved[voice] / self.seconds[voice]


class SpeakerFaces:
    """Faces of a window, matched with its voices."""

    def __init__(self, tracks: Sequence[Track], segments: Sequence[VoiceSegment]) -> None:
        self._faces = _joined(tracks)
        for segment in segments:
            for face in self._faces:
                face_moved = [
                    mouth_movement(seen, segment.start, segment.end, segment.loudness)
                    for track in face.tracks
                    if len(seen := track.between(segment.start, segment.end)) >= 3
                ]
                if face_moved:
                    seconds = segment.end - segment.start
                    face.moved[segment.voice] = face.moved.get(segment.voice, 0.0) + seconds * max(face_moved)
                    face.seconds[segment.voice] = face.seconds.get(segment.voice, 0.0) + seconds

    def choose(self, segment: VoiceSegment, held: float | None = None) -> list[FaceObservation]:
        """Return the observations of the speaker's face; empty where only faces of other voices are in the picture."""
        theirs = [face for face in self._faces if face.voice == segment.voice]
        unknown = [track for face in self._faces if face.voice is None for track in face.tracks]
        by_movement = sorted(theirs, key=lambda face: -face.movement(segment.voice))
        for tracks in (*(face.tracks for face in by_movement), unknown):
            if chosen := choose_face(tracks, segment.start, segment.end, segment.loudness, held):
                return chosen
        return []


def _joined(tracks: Sequence[Track]) -> list[_Face]:
    """Join tracks that follow one another in the same place and look alike: a face before and after a cut."""
    faces: list[_Face] = []
    for track in sorted((t for t in tracks if t.observations), key=lambda t: t.observations[0].time):
        face = next((face for face in faces if _continues(face.tracks[-1], track)), None)
        if face is None:
            faces.append(_Face([track]))
        else:
            face.tracks.append(track)
    return faces


def _continues(before: Track, track: Track) -> bool:
    last, first = before.observations[-1], track.observations[0]
    if last.time >= first.time or overlap(last.box, first.box) < SAME_PLACE:
        return False
    return float((_look(before) * _look(track)).mean()) >= SAME_LOOK


def _look(track: Track) -> FloatArray:
    """The mean crop [side, side], its levels of mean 0 and standard deviation 1."""
    mean = np.mean([s.crop for s in track.observations], axis=0, dtype=np.float32)
    return np.asarray((mean - mean.mean()) / max(float(mean.std()), 1e-6), np.float32)
