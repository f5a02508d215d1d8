"""A new transcriber, added to a copy of the code as a contributor would.

It takes one new file, and its name and weights in `model/asr/__init__.py`. The command line then finds it and fetches
its weights.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOY = '''"""Transcriber for tests."""

from model.asr import WEIGHTS
from model.asr.base import Engine, SpeechError

MODELS = {entry.name.removeprefix("toy-"): entry.name for entry in WEIGHTS["toy"]}


class Toy:
    def __init__(self, model: str, device: str, concurrency: int) -> None:
        if model not in MODELS:
            raise SpeechError(f"there is no toy {model!r}")
        self.name, self.multilingual, self.languages, self.clip_seconds = f"toy {model}", False, frozenset({"en"}), 10.0


ENGINE = Engine(load=Toy, needed_weights=lambda model: [MODELS[model]])
'''
LINES = {
    '    "openai-whisper": "openai_whisper",\n': '    "toy": "toy",\n',
    '    "faster-whisper": WHISPER,\n': '    "toy": (Weights("toy-small", "speech recognition (toy)", "MIT", ()),),\n',
}
USE = """
from model.asr.registry import load_transcriber, needed_weights
print(load_transcriber("toy:small").name, *needed_weights("toy:small"), *needed_weights("base"))
"""


def test_a_transcriber_takes_a_file_and_two_lines(tmp_path: Path) -> None:
    for package in ("common", "model"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "model" / "asr" / "toy.py").write_text(TOY)
    registered = tmp_path / "model" / "asr" / "__init__.py"
    for line, further in LINES.items():
        assert registered.read_text().count(line) == 1
        registered.write_text(registered.read_text().replace(line, line + further))
    assert run(tmp_path, "-c", USE).split() == ["toy", "small", "toy-small", "whisper-base"]
    assert "toy-small            speech recognition (toy) (MIT)" in run(
        tmp_path, "-m", "model.cli.main", "weights", "list"
    )


def test_the_catalog_is_listed_without_torch(tmp_path: Path) -> None:
    """Importing torch takes seconds, which listing names should not."""
    absent = "import sys; sys.modules.update(dict.fromkeys(('torch', 'numpy', 'faster_whisper', 'whisper', 'cv2')))"
    for package in ("common", "model"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    listed = run(tmp_path, "-c", f"{absent}; sys.argv[1:] = ['weights', 'list']; from model.cli.main import app; app()")
    for name in ("whisper-base", "whisper-base-encoder", "minilm-l6", "r3d-18", "mpnet-base", "centerface"):
        assert name in listed


def run(folder: Path, *command: str) -> str:
    done = subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
