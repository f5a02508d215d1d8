"""Summary of a decoded file: its contents and its faults, computed once all of it was decoded."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from model.media.audio import AudioSelector
from model.media.decoding import DecodingStatistics
from model.media.errors import MediaError
from model.media.timeline import Timeline
from model.media.tracks import Selection, Track
from model.media.video import FrameDecoder, frame_rate

MIN_CUT_OFF = 1.0  # seconds, and the share of the header's duration, that a file must lack to be called cut off
MIN_CUT_OFF_SHARE = 0.02
NOTED_SECONDS = 1.0  # of audio from another track, or cut: less is not worth a warning


@dataclass(frozen=True)
class MediaInfo:
    """Contents of a file. Width and height are as displayed; without video they are zero, and so is the rate.

    `duration` in seconds is what the header says where this comes from the header, 0 where it says nothing.
    """

    duration: float
    width: int
    height: int
    fps: float
    has_audio: bool
    has_video: bool


@dataclass(frozen=True)
class Summary:
    """A file as it was decoded, and warnings for people. `failed` kinds of track are there, but unreadable."""

    info: MediaInfo
    failed: frozenset[str]  # audio, video
    warnings: list[str]


@dataclass
class DemuxingStatistics:
    """Counters of the demuxer. Only its thread writes them."""

    errors: int = 0  # that ended the reading before the file's end
    incomplete: int = 0  # packets of which parts were lost, as the container says
    unopened: int = 0  # later parts of the file
    unread_bytes: int = 0  # behind the last packet, where nothing but packets should be
    left_out: int = 0  # audio tracks that later parts have beyond those of the first
    undecodable: list[Track] = field(default_factory=list)  # of later parts


def summarize(
    path: Path,
    header: MediaInfo,
    header_is_sure: bool,
    selection: Selection,
    demuxing: DemuxingStatistics,
    timeline: Timeline,
    audio: AudioSelector,
    frames: FrameDecoder | None,
) -> Summary:
    """Combine the statistics of both sides. Raises MediaError where nothing at all could be decoded.

    `header_is_sure`: whether the header's duration was written by whoever wrote the file, not guessed.
    """
    tracks = list(zip(selection.audio_tracks, (track.statistics for track in audio.tracks), strict=True))
    if frames is not None and selection.video_track is not None:
        tracks.append((selection.video_track, frames.statistics))
    if not any(statistics.frames for _, statistics in tracks):
        raise MediaError(f"{path} holds nothing that can be decoded: {'; '.join(_failures(selection, tracks))}")
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
        warnings.append(
            "the video has too many pixels a second to decode all its frames; only the key frames were used"
        )
    warnings += _choice(selection, audio)
    if header_is_sure and not (timeline.jumps or timeline.outliers or failed):
        warnings += _cut_off(header.duration, info.duration)
    return Summary(info, failed, warnings)


def _cut_off(promised: float, found: float) -> list[str]:
    if promised - found <= max(MIN_CUT_OFF, MIN_CUT_OFF_SHARE * promised):
        return []
    return [f"the file ends at {found:.1f} s although its header says {promised:.1f} s; it was probably cut off"]


def _measured(header: MediaInfo, frames: FrameDecoder | None, missing: float) -> MediaInfo:
    """The header's figures of the video, corrected by what its frames were. `missing` seconds had none."""
    if frames is None or not frames.statistics.frames:
        return replace(header, width=0, height=0, fps=0.0, has_video=False)
    return replace(turned(header, frames), fps=frame_rate(frames.counted_rate(missing), header.fps))


def turned(header: MediaInfo, frames: FrameDecoder) -> MediaInfo:
    """The header's width and height as they are after the frames' rotation."""
    return header if frames.quarter_turns % 2 == 0 else replace(header, width=header.height, height=header.width)


Tracks = list[tuple[Track, DecodingStatistics]]


def _failures(selection: Selection, tracks: Tracks) -> Iterator[str]:
    """Tracks of which nothing could be decoded, and why."""
    for track in selection.undecodable:
        yield f"{track} cannot be decoded: this codec is not supported"
    for track, statistics in tracks:
        if statistics.encrypted and not statistics.frames:
            yield f"{track} is encrypted; export it without copy protection"
        elif statistics.packets and not statistics.frames:
            yield f"{track} cannot be decoded: its data is damaged, or of a kind that is not supported"


def _later_failures(demuxing: DemuxingStatistics) -> Iterator[str]:
    for track in dict.fromkeys(demuxing.undecodable):
        yield f"{track} of a later part of the file cannot be decoded: this codec is not supported"


def _damage(tracks: Tracks, demuxing: DemuxingStatistics, timeline: Timeline) -> Iterator[str]:
    counts = {kind: sum(s.damaged for t, s in tracks if t.kind == kind and s.frames) for kind in ("audio", "video")}
    for track, statistics in tracks:
        if statistics.encrypted and statistics.frames:
            yield f"{track} is encrypted in parts; what they held is missing"
    if any(counts.values()):
        named = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
        yield f"packets are damaged ({named}); what they held is missing or guessed"
    if demuxing.unopened:
        parts = "a part" if demuxing.unopened == 1 else f"{demuxing.unopened} parts"
        yield f"{parts} of the file could not be opened; what is in there is missing"
    if demuxing.unread_bytes:
        yield (
            f"the last {demuxing.unread_bytes / 1e6:.1f} MB of the file were not read; if recordings were appended to "
            "one another, join them by a tool (ffmpeg's concat)"
        )
    if demuxing.left_out:
        yield f"later parts of the file have {demuxing.left_out} more audio tracks than the first; they were left out"
    if demuxing.errors:
        yield f"the file could not be read beyond {timeline.end:.1f} s; what follows is missing"
    if timeline.holes:
        seconds = sum(hole.seconds for hole in timeline.holes)
        yield f"{seconds:.1f} s are missing, first at {timeline.holes[0].start:.1f} s; nothing was analyzed there"
    elif demuxing.incomplete > len(tracks) * len(timeline.jumps):  # where parts were joined, a packet is cut
        yield f"parts of {demuxing.incomplete} packets are missing: data was lost when the file was recorded or copied"


def _clock(timeline: Timeline) -> Iterator[str]:
    if timeline.jumps:
        first = timeline.jumps[0]
        times = "once" if len(timeline.jumps) == 1 else f"{len(timeline.jumps)} times"
        yield (
            f"timestamps jump {times}, first at {first.at:.1f} s by {first.by:+.1f} s; "
            "the parts were joined without a gap"
        )
    if timeline.outliers:
        yield f"timestamps that were far off were ignored ({timeline.outliers})"


def _choice(selection: Selection, audio: AudioSelector) -> Iterator[str]:
    """Warn about audio that was taken from other tracks than the first, or left out as overlapping."""
    for track, seconds in list(zip(selection.audio_tracks, audio.seconds_used, strict=True))[1:]:
        if seconds >= NOTED_SECONDS:
            first = selection.audio_tracks[0]
            yield f"{track} was used for {seconds:.0f} s in which {first} was silent or much quieter"
    cut = sum(track.seconds_cut for track in audio.tracks)
    if cut >= NOTED_SECONDS:
        yield f"{cut:.1f} s of audio overlapped with what came before and were left out"
