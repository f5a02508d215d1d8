"""Feature cache on real clips: tensors equal to those of serving, no repeated decoding, no loss after a kill."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil  # type: ignore[import-untyped]
import pytest
import torch

from model.asr.segmenter import Window
from model.asr.vad import detect_voice
from model.bundle import Bundle, Manifest
from model.features import Sample
from model.media import Reader
from model.modalities.audio import VoiceConfig
from model.modalities.face import FaceConfig
from model.modalities.text import TextConfig, TextTokenizer
from model.modalities.video import VideoConfig
from model.network import EmotionNetwork, NetworkConfig
from model.pipeline import Predictor
from model.utterances import Segment
from model.vision.faces import FaceDetector
from model.vision.video_worker import VideoWorker
from model.weights import catalog
from tests.model.media_files import Sound, gray_frames, noise, write
from tests.training.meld_fixture import make_meld
from training.corpora import read_manifest, read_meld
from training.corpora.meld import PARTS
from training.data.content_hash import hash_recording
from training.data.extraction import MAX_SECONDS, MediaSpan, SpanError, evidence_of, parts_of, sample_of
from training.data.feature_cache import FeatureCache
from training.data.feature_cache_builder import fill

ROOT = Path(__file__).parents[2]
TINY_BERT = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 8}
TINY_VOICE = VoiceConfig(layers=1, width=16, heads=2, hidden=8)
HALF = 2.0**-11  # relative rounding of float16


@pytest.fixture(scope="module")
def meld(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_meld(tmp_path_factory.mktemp("meld"))


@pytest.fixture(scope="module")
def tokenizer() -> TextTokenizer:
    return TextTokenizer(catalog.fetch("minilm-l6") / "tokenizer.json")


@pytest.fixture(scope="module")
def detector() -> FaceDetector:
    return FaceDetector(catalog.fetch("centerface") / "centerface.onnx")


def served(path: Path, detector: FaceDetector, tokenizer: TextTokenizer, spans: list[Segment]) -> list[Sample]:
    """Return samples that the pipeline's Predictor prepares from spans of a file, with all modalities."""
    manifest = Manifest(
        name="untrained", version="0", licence="none", public_encoders={}, tokenizer=None, training={},
        network=NetworkConfig.of(TextConfig(bert=TINY_BERT), TINY_VOICE, VideoConfig(), FaceConfig(width=32)),
    )  # fmt: skip
    bundle = Bundle(manifest, EmotionNetwork(manifest.network), tokenizer)
    with Reader(path) as reader:
        worker = VideoWorker(path, detector, clips=True)
        predictor = Predictor(bundle, worker, False)
        sound = []
        for chunk in reader:
            worker.submit(chunk.packets)
            sound.append(chunk.audio)
        worker.wait()
        audio = np.concatenate(sound)
        window = Window(0.0, reader.end, audio, detect_voice(audio), spans)
        samples = [predictor._sample(span, window)[0] for span in spans]
        worker.close()
    return samples


def assert_same(cached: Sample, served: Sample) -> None:
    assert cached.present == served.present
    for modality in ("video", "face"):
        expected, found = getattr(served, modality), getattr(cached, modality)
        assert expected is None or torch.equal(found, expected), modality
    if served.audio is not None and cached.audio is not None:
        torch.testing.assert_close(cached.audio, served.audio, rtol=HALF, atol=1e-6)
    if served.text is not None and cached.text is not None:
        assert torch.equal(cached.text.ids, served.text.ids) and torch.equal(cached.text.types, served.text.types)


def test_cached_tensors_are_those_of_serving(meld: Path, detector: FaceDetector, tokenizer: TextTokenizer) -> None:
    """Frames, faces and tokens are identical, audio within float16 rounding; decoded in worker processes."""
    examples = read_meld(meld, "train", tokenizer)
    assert len(examples) == 7
    rows = [json.loads(line) for line in next((meld / "features").glob("*/index.jsonl")).read_text().splitlines()]
    assert sum("failed" in row for row in rows) == 1
    for i, example in enumerate(examples):
        path = meld / PARTS["train"].clips / f"dia{i // 2}_utt{i % 2}.mp4"
        assert example.content == hash_recording(path)
        with Reader(path) as reader:
            list(reader)
            end = reader.end
        texts = [text for text, *_ in csv_rows(meld, "train")[i // 2 * 2 : i + 1]]
        spans = [Segment(0.0, end, text, "en") for text in texts]
        expected = served(path, detector, tokenizer, spans)[-1]
        assert set(expected.present) == {"text", "audio", "video", "face"}
        assert_same(example.sample, expected)


def test_spans_of_one_file_are_those_of_serving(
    sample: Path, tmp_path: Path, detector: FaceDetector, tokenizer: TextTokenizer
) -> None:
    """Overlapping spans of a longer file, out of order, with different contexts, in one pass."""
    rows = ["path,start,end,text,emotion", f"{sample},0.75,3.97,One.,joy", f"{sample},3.0,7.5,Two.,anger"]
    (tmp_path / "manifest.csv").write_text("\n".join([*rows, f"{sample},12.25,17.5,Three.,fear"]) + "\n")
    examples = read_manifest(tmp_path, "all", tokenizer)
    spans = [
        Segment(0.75, 3.97, "One.", "en"),
        Segment(3.0, 7.5, "Two.", "en"),
        Segment(12.25, 17.5, "Three.", "en"),
    ]
    for example, expected in zip(examples, served(sample, detector, tokenizer, spans), strict=True):
        assert_same(example.sample, expected)
        assert set(expected.present) == {"text", "audio", "video", "face"}


def test_discarding_decoded_data_changes_nothing(tmp_path: Path) -> None:
    """Spans of a file of 90 s are equal, decoded one at a time or together."""
    sound = noise(90.0)
    path = write(tmp_path / "long.mp4", gray_frames(90.0, 4.0), [Sound(sound)])
    spans = [MediaSpan(path, start, start + 3.0) for start in (2.0, 40.0, 71.5, 86.0)]
    combined = dict(evidence_of(spans, None))
    for span in spans:
        ((_, single),) = evidence_of([span], None)
        both = combined[span]
        assert not isinstance(single, SpanError) and not isinstance(both, SpanError)
        assert len(both.sound) == 48_000 and np.array_equal(both.sound, single.sound)
        assert np.array_equal(np.stack(both.frames), np.stack(single.frames))
    errors = list(evidence_of([MediaSpan(path), MediaSpan(path, 91.0, 95.0), MediaSpan(path, 0.0, 80.0)], None))
    reasons = {span.end: str(found) for span, found in errors}
    assert "cut wrongly" in reasons[None] and f"the maximum is {MAX_SECONDS:.0f} s" in reasons[80.0]
    assert "ends at 90.0 s" in reasons[95.0]


def test_missing_video_is_none(tmp_path: Path, detector: FaceDetector) -> None:
    path = write(tmp_path / "sound.wav", [], [Sound(noise(1.0))])
    ((_, found),) = evidence_of([MediaSpan(path)], detector)
    assert not isinstance(found, SpanError)
    assert sample_of(parts_of(found), None).present == ("audio",)


def test_a_clip_is_decoded_once(meld: Path, tokenizer: TextTokenizer) -> None:
    """Not again for another split or tokenizer, after a move, or after a failure."""
    read_meld(meld, "train", tokenizer)
    cache = FeatureCache(meld / "features")
    clips = sorted((meld / PARTS["train"].clips).glob("*.mp4"))
    wanted = {hash_recording(path): MediaSpan(path) for path in clips}
    size = cache.items.stat().st_size
    began = time.monotonic()
    assert fill(cache, wanted).decoded == 0 and time.monotonic() - began < 1.0
    again = fill(cache, wanted, workers=1, retry=True)
    assert again.decoded == 0 and len(again.failed) == 1 and cache.items.stat().st_size == size
    copy = pickle.loads(pickle.dumps(read_meld(meld, "train", tokenizer)))
    assert copy[3].sample.present == ("text", "audio", "video", "face") and copy[3].audio_frames > 90
    assert len(pickle.dumps(copy)) < 100_000, "features stay on disk"


@pytest.mark.timeout(600)  # starts several processes
def test_a_killed_run_resumes(tmp_path: Path, tokenizer: TextTokenizer) -> None:
    folder = make_meld(tmp_path / "killed", 24)
    command = [sys.executable, "-m", "training.prepare", "--meld", str(folder), "--cache", "--workers", "1"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while index_length(folder) < 5:
        assert process.poll() is None
        time.sleep(0.01)
    workers = psutil.Process(process.pid).children(recursive=True)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert not alive, "workers must not outlive their parent"
    done = index_length(folder)
    assert 5 <= done < 25
    index, items = (next((folder / "features").glob(f"*/{name}")) for name in ("index.jsonl", "items.bin"))
    with index.open("ab") as torn, items.open("ab") as rest:  # killed between two writes
        torn.write(b'{"key": "0123456789abcdef", "parts": {"aud')
        rest.write(bytes(1000))
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert f"({24 - sum_decoded(folder, done)} now" in finished.stdout
    killed = {e.content: e.sample for e in read_meld(folder, "all", tokenizer)}
    assert len(killed) == 24 and index_length(folder) == 25
    complete = {e.content: e.sample for e in read_meld(make_meld(tmp_path / "complete", 24), "all", tokenizer)}
    assert killed.keys() == complete.keys()
    for content, sample in complete.items():
        assert_same(killed[content], sample)
        assert killed[content].audio is not None and torch.equal(killed[content].audio, sample.audio)


@pytest.mark.timeout(600)  # starts several processes
def test_a_worker_that_is_killed_loses_no_clip(tmp_path: Path) -> None:
    """Kill a worker as the OOM killer does; its clips are decoded again in isolation."""
    folder = make_meld(tmp_path)
    command = [sys.executable, "-m", "training.prepare", "--meld", str(folder), "--cache", "--workers", "1"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    while index_length(folder) < 3:
        assert process.poll() is None
        time.sleep(0.01)
    for child in psutil.Process(process.pid).children(recursive=True):
        if any("spawn_main" in part for part in child.cmdline()):  # not multiprocessing's resource tracker
            child.kill()
    output, _ = process.communicate(timeout=500)
    assert process.returncode == 0 and "12 of 14 utterances are cached (12 now" in output


@pytest.mark.timeout(300)
def test_a_script_without_a_main_guard_fails(tmp_path: Path) -> None:
    """Workers rerun the script; one that reads clips would wait for the lock of its waiting parent."""
    script = tmp_path / "script.py"
    script.write_text(
        "from pathlib import Path\n"
        "from training.data.feature_cache import FeatureCache\n"
        "from training.data.extraction import MediaSpan\n"
        "from training.data.feature_cache_builder import fill\n"
        f"fill(FeatureCache(Path({str(tmp_path)!r})), {{'a': MediaSpan(Path('a.mp4'))}}, workers=1, show=False)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, env=environment, timeout=100
    )
    assert done.returncode != 0
    assert "if __name__ == '__main__':" in done.stderr and "worker processes cannot be started" in done.stderr


def index_length(folder: Path) -> int:
    found = list((folder / "features").glob("*/index.jsonl"))
    return found[0].read_bytes().count(b"\n") if found else 0


def sum_decoded(folder: Path, lines: int) -> int:
    """Count the index's first lines that are of decoded clips."""
    rows = next((folder / "features").glob("*/index.jsonl")).read_text().splitlines()[:lines]
    return sum("failed" not in json.loads(row) for row in rows)


def csv_rows(folder: Path, split: str) -> list[list[str]]:
    lines = (folder / PARTS[split].csv).read_text().splitlines()[1:]  # type: ignore[index]
    return [line.split(",") for line in lines]
