"""The benchmarks measure what they state. These tests assert no times."""

import re
from pathlib import Path

import av
import numpy as np
import pytest
import torch
import whisper

from bench import docs, goals, memory, report, whisper_checkpoint
from bench.clip import FPS, HEIGHT, WIDTH, looped, read_sound, sample_clip
from bench.full_shape import full_shape
from bench.measure import MIB, Stopwatch, Timing, peak_memory
from bench.naive import cut_each
from bench.reference import Predicted, Reference, Segment, cut, first_pictures
from bench.results import Clip, Contender, Form, LongRun, Machine, Results, Run, Stage
from model.bundle import load_bundle
from model.contract import EMOTIONS
from model.weights import catalog
from model.weights.ctranslate2_file import CheckpointError, Variables, as_float, read_variables

FRAMES = 100  # 4 s, the clip's first sentence


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_clip(FRAMES, tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def tiny() -> dict[str, dict[str, int] | dict[str, torch.Tensor]]:
    return whisper_checkpoint.convert(catalog.fetch("whisper-tiny.en") / "model.bin")


def test_the_clip_has_the_stated_format(clip: Path) -> None:
    with av.open(str(clip)) as source:
        video, audio = source.streams.video[0], source.streams.audio[0]
        assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
        assert (video.width, video.height) == (WIDTH, HEIGHT)
        assert video.average_rate == FPS
        times = [frame.time for frame in source.decode(video)]
    assert times == pytest.approx([index / FPS for index in range(FRAMES)])
    sound = read_sound(clip, 16_000)
    assert len(sound) / 16_000 == pytest.approx(FRAMES / FPS, abs=0.15)
    assert np.abs(sound).max() > 0.05


def test_a_clip_is_made_once(clip: Path) -> None:
    made = clip.stat().st_mtime_ns
    assert sample_clip(FRAMES, clip.parent) == clip
    assert clip.stat().st_mtime_ns == made


def test_looping_repeats_the_sample_without_gaps(tmp_path: Path, sample: Path) -> None:
    path = looped(0.6, tmp_path)
    with av.open(str(path)) as source, av.open(str(sample)) as once:
        frames = [frame.time or 0.0 for frame in source.decode(video=0)]
        per_turn = sum(1 for _ in once.decode(video=0))
    assert len(frames) == 2 * per_turn
    assert np.diff(frames) == pytest.approx(1001 / 24000, abs=1e-3)
    assert path.stat().st_size < 2.2 * sample.stat().st_size


def test_the_checkpoint_has_every_tensor_of_the_model(tiny: dict[str, dict[str, torch.Tensor]]) -> None:
    dims = whisper.model.ModelDimensions(**tiny["dims"])
    target = whisper.model.Whisper(dims).state_dict()
    found = tiny["model_state_dict"]
    assert found.keys() == target.keys()
    assert {name: t.shape for name, t in found.items()} == {name: t.shape for name, t in target.items()}
    assert all(bool(t.isfinite().all()) and t.dtype == torch.float32 for t in found.values())


def test_the_positions_that_whisper_computes_are_those_in_the_file(tiny: dict[str, dict[str, torch.Tensor]]) -> None:
    computed = whisper.model.sinusoids(1500, 384)
    assert tiny["model_state_dict"]["encoder.positional_embedding"] == pytest.approx(computed.numpy(), abs=2e-3)


def test_integers_are_multiplied_out_by_their_scale(tmp_path: Path) -> None:
    stored: Variables = {}
    stored["a/weight"] = np.array([[127, -64], [10, 0]], np.int8)
    stored["a/weight_scale"] = np.array([127.0, 10.0], np.float32)
    found = as_float(stored, "a/weight")
    assert found == pytest.approx(np.array([[1.0, -64 / 127], [1.0, 0.0]]))
    with pytest.raises(CheckpointError, match="b/weight"):
        as_float(stored, "b/weight")
    other = tmp_path / "model.bin"
    other.write_bytes(bytes(64))
    with pytest.raises(CheckpointError, match="model.bin"):
        read_variables(other)


@pytest.fixture(scope="module", params=["openai-whisper", "faster-whisper"])
def predicted(request: pytest.FixtureRequest, clip: Path) -> list[Predicted]:
    return Reference(load_bundle("starter"), request.param, "tiny.en").analyze(clip)


def test_the_reference_predicts_every_segment(predicted: list[Predicted]) -> None:
    assert len(predicted) == 1
    assert re.search(r"\byoung man\b", predicted[0].segment.text.lower())
    probabilities = predicted[0].prediction.emotions.exp()
    assert probabilities.shape == (1, len(EMOTIONS))
    assert float(probabilities.sum()) == pytest.approx(1.0, abs=1e-4)


def test_the_reference_reads_no_faces(predicted: list[Predicted]) -> None:
    prediction = predicted[0].prediction
    assert float(prediction.weights[0, prediction.modalities.index("face")]) == 0.0


def test_a_cut_starts_at_its_first_picture(clip: Path, tmp_path: Path) -> None:
    piece = tmp_path / "piece.mp4"
    cut(clip, Segment(1.0, 3.0, ""), piece)
    with av.open(str(piece)) as source:
        times = [frame.time or 0.0 for frame in source.decode(video=0)]
    assert len(times) == 2 * FPS
    assert times[0] == pytest.approx(0.0, abs=1e-3)
    assert len(read_sound(piece, 16_000)) / 16_000 == pytest.approx(2.0, abs=0.15)
    assert first_pictures(piece).shape == (1, 3, 30, 224, 224)


def test_naive_cutting_leaves_nothing_behind(clip: Path) -> None:
    before = sorted(clip.parent.iterdir())
    cut_each(clip, [Segment(0.0, 1.0, "")])
    assert sorted(clip.parent.iterdir()) == before


@pytest.mark.slow
def test_the_full_shape_bundle_loads(tmp_path: Path) -> None:
    bundle = load_bundle(full_shape(tmp_path / "full-shape"))
    assert bundle.network.modalities == ("text", "audio", "video", "face")
    assert bundle.tokenizer is not None
    made = (tmp_path / "full-shape" / "weights.safetensors").stat().st_mtime_ns
    assert full_shape(tmp_path / "full-shape").joinpath("weights.safetensors").stat().st_mtime_ns == made


def test_peak_memory_is_a_high_water_mark() -> None:
    block = np.ones(256 * MIB // 8)
    held = peak_memory()
    assert held > block.nbytes / MIB
    del block
    assert peak_memory() >= held - 1.0  # MiB: Linux counts a core's pages in batches


def test_a_stopwatch_adds_up() -> None:
    watch = Stopwatch()
    for _ in range(2):
        with watch:
            sum(range(200_000))
    assert watch.timing.cpu > 0.0
    assert watch.timing.wall > 0.0


@pytest.fixture
def results() -> Results:
    def run(contender: Contender, wall: float, peak: float = 1000.0) -> Run:
        timing = Timing(wall=wall, cpu=2 * wall)
        return Run(contender=contender, load=timing, analysis=timing, utterances=11, loaded_mib=500.0, peak_mib=peak)

    form = Form(what="a form", timing=Timing(wall=1.0, cpu=1.0))
    slow = Form(what="a slow form", timing=Timing(wall=5.0, cpu=5.0), note="extrapolated")
    return Results(
        measured_at="2025-01-01 00:00 UTC",
        machine=Machine.this(),
        whisper_model="base",
        clip=Clip(seconds=50.0, width=1280, height=720, pictures=1250),
        runs=(run("reference", 60.0), run("reference", 50.0), run("full-shape", 10.0, 2000.0), run("starter", 4.0)),
        stages=(Stage(name="decode", bundle="starter", ours=form, naive=(slow,)),),
        long_runs=(_long(5.0, 800.0), _long(60.0, 880.0)),
    )


def _long(minutes: float, peak: float) -> LongRun:
    return LongRun(minutes=minutes, analysis=Timing(wall=1.0, cpu=1.0), peak_mib=peak, utterances=1)


def test_ratios_are_of_the_best_runs(results: Results) -> None:
    assert goals.ratio(results, "full-shape", "reference") == pytest.approx(5.0)
    assert goals.ratio(results, "starter", "reference") == pytest.approx(12.5)
    assert goals.ratio(results, "starter", "reference-starter") is None


def test_goals_are_met_missed_or_not_measured(results: Results) -> None:
    assert [goal.met for goal in goals.goals(results)] == [False, True, False, True, True, None]
    unmeasured = results.model_copy(update={"runs": (), "long_runs": ()})
    assert {goal.met for goal in goals.goals(unmeasured)} == {None}


def test_growth_is_the_longest_over_the_shortest(results: Results) -> None:
    assert memory.growth(results.long_runs) == pytest.approx(0.1)
    assert memory.growth(results.long_runs[:1]) is None


def test_missing_parts_are_copied_from_the_same_machine_only(results: Results) -> None:
    later = results.model_copy(update={"runs": (), "stages": ()})
    assert later.with_parts_of(results).runs == results.runs
    elsewhere = results.model_copy(update={"whisper_model": "tiny.en"})
    assert later.with_parts_of(elsewhere).runs == ()


def test_copied_parts_keep_their_dates(results: Results, tmp_path: Path) -> None:
    """Even after several copies, and on the page as well."""
    first = results.model_copy(update={"measured_at": "the first day", "long_runs": ()})
    second = results.model_copy(update={"measured_at": "the second day", "runs": (), "stages": ()})
    third = second.model_copy(update={"measured_at": "the third day"})
    merged = third.with_parts_of(second.with_parts_of(first))
    assert merged.earlier == {"runs": "the first day", "stages": "the first day"}
    docs.write(merged, tmp_path / "performance.md", tmp_path / "performance.json")
    page = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert "the third day; one clip and its ratios the first day; the stages the first day" in page


def test_results_survive_saving(results: Results, tmp_path: Path) -> None:
    results.save(tmp_path / "results.json")
    assert Results.load(tmp_path / "results.json") == results


def test_the_page_holds_every_row_of_every_table(results: Results, tmp_path: Path) -> None:
    docs.write(results, tmp_path / "performance.md", tmp_path / "performance.json")
    page = (tmp_path / "performance.md").read_text(encoding="utf-8")
    assert all(cell in page for table in report.tables(results) for row in table.rows for cell in row)


def test_the_committed_page_was_written_from_the_committed_figures() -> None:
    if not docs.DATA.exists():
        pytest.skip("no figures are committed yet")
    assert docs.PAGE.read_text(encoding="utf-8") == docs.rendered(Results.load(docs.DATA))
