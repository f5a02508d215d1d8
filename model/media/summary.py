"""Summary of a file's contents and faults, after all of it was decoded."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from model.media.audio import AudioSelector
from model.media.decoding import DecodingStatistics
from model.media.errors import MediaError
from model.media.timeline import Timeline
from model.media.tracks import Selection, Track
from model.media.video import FrameDecoder, frame_rate

MIN_CUT_OFF = 1.0  # missing seconds from which a file counts as cut off
MIN_CUT_OFF_SHARE = 0.02  # the same, relative to the header's duration
MIN_REPORTED_SECONDS = 1.0  # of audio from another track, or of cut audio


@dataclass(frozen=True)
class MediaInfo:
    """Properties of a file, from its header or as decoded.

    Width and height are as displayed. Without video they are zero, as is the frame rate. `duration` is in seconds, 0 if
    the header does not state it.
    """

    duration: float
    width: int
    height: int
    fps: float
    has_audio: bool
    has_video: bool


@dataclass(frozen=True)
class Summary:
    """Properties of a decoded file, and warnings for users. `failed` are kinds of tracks that could not be decoded."""

    info: MediaInfo
    failed: frozenset[str]  # audio, video
    warnings: list[str]


@dataclass
class DemuxingStatistics:
    """Counters of the demuxer, written only by its thread."""

    errors: int = 0  # that ended demuxing before the end of the file
    incomplete: int = 0  # packets that the container marks as corrupt
    unopened: int = 0  # later parts of the file
    unread_bytes: int = 0  # after the last packet, likely media
    skipped: int = 0  # audio tracks of later parts in excess of those of the first
    undecodable: list[Track] = field(default_factory=list)  # of later parts


def summarize(
    path: Path,
    header: MediaInfo,
    has_exact_duration: bool,
    selection: Selection,
    demuxing: DemuxingStatistics,
    timeline: Timeline,
    audio: AudioSelector,
    frames: FrameDecoder | None,
) -> Summary:
    """Combine the statistics of demuxer and decoders. Raises MediaError if nothing could be decoded.

    `has_exact_duration`: the header states the duration, so FFmpeg did not estimate it.
    """
    tracks = list(zip(selection.audio_tracks, (track.statistics for track in audio.tracks), strict=True))
    if frames is not None and selection.video_track is not None:
        tracks.append((selection.video_track, frames.statistics))
    if not any(statistics.frames for _, statistics in tracks):
        raise MediaError(f"{path} has no track that can be decoded. {' '.join(_failures(selection, tracks))}")
    has_audio = any(track.statistics.frames for track in audio.tracks)
    ends = [audio.position if has_audio else 0.0, frames.end if frames is not None else timeline.end]
    info = replace(
        _measured(header, frames, sum(hole.seconds for hole in timeline.holes)), duration=max(ends), has_audio=has_audio
    )
    present = {track.kind for track in selection.undecodable} | {track.kind for track, _ in tracks}
    failed = frozenset(present - {track.kind for track, statistics in tracks if statistics.frames})
    warnings = [
        *_failures(selection, tracks),
        *_later_failures(demuxing),
        *_damage(tracks, demuxing, timeline),
        *_clock(timeline),
    ]
    if frames is not None and frames.key_frames_only:
        warnings.append("The video has too many pixels per second to decode all frames; only the key frames were used.")
    warnings += _choice(selection, audio)
    if has_exact_duration and not (timeline.jumps or timeline.outliers or failed):
        warnings += _cut_off(header.duration, info.duration)
    return Summary(info, failed, warnings)


def _cut_off(stated: float, actual: float) -> list[str]:
    if stated - actual <= max(MIN_CUT_OFF, MIN_CUT_OFF_SHARE * stated):
        return []
    return [f"The file ends at {actual:.1f} s although its header states {stated:.1f} s; it was probably cut off."]


def _measured(header: MediaInfo, frames: FrameDecoder | None, missing: float) -> MediaInfo:
    """Correct the header's video properties by the decoded frames; `missing` is the duration of gaps in seconds."""
    if frames is None or not frames.statistics.frames:
        return replace(header, width=0, height=0, fps=0.0, has_video=False)
    return replace(turned(header, frames), fps=frame_rate(frames.counted_rate(missing), header.fps))


def turned(header: MediaInfo, frames: FrameDecoder) -> MediaInfo:
    """Return the header's properties with width and height after the frames' rotation."""
    return header if frames.quarter_turns % 2 == 0 else replace(header, width=header.height, height=header.width)


Tracks = list[tuple[Track, DecodingStatistics]]


def _failures(selection: Selection, tracks: Tracks) -> Iterator[str]:
    """Yield a sentence for each track of which nothing could be decoded."""
    for track in selection.undecodable:
        yield f"{track.title} cannot be decoded: its codec is not supported."
    for track, statistics in tracks:
        if statistics.encrypted and not statistics.frames:
            yield f"{track.title} is encrypted; export it without copy protection."
        elif statistics.packets and not statistics.frames:
            yield f"{track.title} cannot be decoded: its data is damaged or not supported."


def _later_failures(demuxing: DemuxingStatistics) -> Iterator[str]:
    for track in dict.fromkeys(demuxing.undecodable):
        yield f"{track.title} of a later part of the file cannot be decoded: its codec is not supported."


def _damage(tracks: Tracks, demuxing: DemuxingStatistics, timeline: Timeline) -> Iterator[str]:
    counts = {kind: sum(s.damaged for t, s in tracks if t.kind == kind and s.frames) for kind in ("audio", "video")}
    for track, statistics in tracks:
        if statistics.encrypted and statistics.frames:
            yield f"{track.title} is partly encrypted; the encrypted parts are missing."
    if any(counts.values()):
        named = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
        yield f"Some packets are damaged ({named}); their content is missing or estimated."
    if demuxing.unopened:
        parts = "One part" if demuxing.unopened == 1 else f"{demuxing.unopened} parts"
        verb = "is" if demuxing.unopened == 1 else "are"
        yield f"{parts} of the file could not be opened and {verb} missing from the analysis."
    if demuxing.unread_bytes:
        yield (
            f"The last {demuxing.unread_bytes / 1e6:.1f} MB of the file were not read; if recordings were appended to "
            "each other, join them with a tool (ffmpeg's concat)."
        )
    if demuxing.skipped:
        tracks_skipped = "1 audio track" if demuxing.skipped == 1 else f"{demuxing.skipped} audio tracks"
        yield f"Later parts of the file have {tracks_skipped} that the first lacks; not analyzed."
    if demuxing.errors:
        yield f"The file could not be read beyond {timeline.end:.1f} s; the rest is missing."
    if timeline.holes:
        seconds = sum(hole.seconds for hole in timeline.holes)
        yield f"{seconds:.1f} s of the file are missing, first at {timeline.holes[0].start:.1f} s."
    elif demuxing.incomplete > len(tracks) * len(timeline.jumps):  # joining parts cuts one packet per track
        yield f"{demuxing.incomplete} packets are incomplete: data was lost when the file was recorded or copied."


def _clock(timeline: Timeline) -> Iterator[str]:
    if timeline.jumps:
        first = timeline.jumps[0]
        times = "once" if len(timeline.jumps) == 1 else f"{len(timeline.jumps)} times"
        yield (
            f"Timestamps jump {times}, first at {first.at:.1f} s by {first.by:+.1f} s; "
            "the parts were joined without a gap."
        )
    if timeline.outliers:
        yield f"Implausible timestamps were ignored ({timeline.outliers})."


def _choice(selection: Selection, audio: AudioSelector) -> Iterator[str]:
    """Warn about audio that came from other tracks than the first, or was dropped because it overlapped."""
    for track, seconds in list(zip(selection.audio_tracks, audio.seconds_used, strict=True))[1:]:
        if seconds >= MIN_REPORTED_SECONDS:
            first = selection.audio_tracks[0]
            yield f"{track.title} was used for {seconds:.0f} s in which {first} was silent or much quieter."
    cut = sum(track.seconds_cut for track in audio.tracks)
    if cut >= MIN_REPORTED_SECONDS:
        yield f"{cut:.1f} s of audio overlapped with earlier audio and were dropped."
