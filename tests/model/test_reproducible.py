"""The same file gives the same result under any settings of numerical libraries and any load."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from model.contract import Analysis
from tests.agreement import OTHER_PROCESSOR, assert_same_answer

ROOT = Path(__file__).parents[2]
SETTINGS = ("OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "OPENBLAS_L2_SIZE", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

# Emulates a processor with AVX2 and nothing newer; torch, CTranslate2, MKL and oneDNN each have their own variable.
OLDER_PROCESSOR = {
    "ATEN_CPU_CAPABILITY": "avx2",
    "CT2_FORCE_CPU_ISA": "AVX2",
    "MKL_ENABLE_INSTRUCTIONS": "AVX2",
    "ONEDNN_MAX_CPU_ISA": "AVX2",
}


def has_avx512() -> bool:
    cpuinfo = Path("/proc/cpuinfo")
    return cpuinfo.is_file() and "avx512f" in cpuinfo.read_text()


def analyzed_by_a_process(
    sample: Path, folder: Path, settings: dict[str, str], transcriber: str = "tiny.en"
) -> Analysis:
    """Analyze the sample in a process with these settings only."""
    output = folder / "analysis.json"
    command: list[str | Path] = ["analyze", sample, "--whisper-model", transcriber, "--no-people", "--quiet"]
    subprocess.run(
        [sys.executable, "-m", "model.cli.main", *command, "--json", output],
        env={name: value for name, value in os.environ.items() if name not in SETTINGS} | settings,
        cwd=ROOT,
        check=True,
    )
    return Analysis.model_validate_json(output.read_text())


@contextmanager
def a_busy_machine() -> Iterator[None]:
    """Run two busy processes per core."""
    spin = [sys.executable, "-c", "while True: sum(range(10000))"]
    busy = [subprocess.Popen(spin) for _ in range(2 * (os.cpu_count() or 1))]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"OPENBLAS_CORETYPE": "Haswell"},
        pytest.param(
            {"OPENBLAS_CORETYPE": "SkylakeX"},
            marks=pytest.mark.skipif(not has_avx512(), reason="this kernel needs a processor with AVX512"),
        ),
        {"OPENBLAS_NUM_THREADS": "1"},
        {"OMP_NUM_THREADS": "1"},
        {"OMP_NUM_THREADS": "3"},
    ],
    ids=lambda settings: " ".join(f"{name}={value}" for name, value in settings.items()) or "nothing set",
)
def test_settings_of_numerical_libraries_change_nothing(
    sample: Path, analysis: Analysis, tmp_path: Path, settings: dict[str, str]
) -> None:
    assert_same_answer(analyzed_by_a_process(sample, tmp_path, settings), analysis)


@pytest.mark.slow
def test_an_older_processor_stays_within_the_stated_tolerance(sample: Path, tmp_path: Path) -> None:
    """With the default transcriber: for the smallest one, a comma and a period are near-ties in this sample."""
    ours = analyzed_by_a_process(sample, tmp_path, {}, "base")
    assert_same_answer(analyzed_by_a_process(sample, tmp_path, OLDER_PROCESSOR, "base"), ours, OTHER_PROCESSOR)


@pytest.mark.slow
def test_a_busy_machine_changes_nothing(sample: Path, analysis: Analysis, tmp_path: Path) -> None:
    with a_busy_machine():
        assert_same_answer(analyzed_by_a_process(sample, tmp_path, {}), analysis)
