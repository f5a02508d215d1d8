"""Recipes are checked where a job is launched, in an environment without torch."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys
from pathlib import Path
for absent in ("torch", "numpy", "transformers", "cv2", "av"):
    sys.modules[absent] = None
import training.launch
from training.recipe import Recipe
for name in ("starter", "full"):
    print(*Recipe.read(Path("training") / f"{name}.toml").sections())
"""


def test_the_committed_recipes_are_read_without_torch() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["text audio face", "text audio video face"]
