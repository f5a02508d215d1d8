"""Entry point of a SageMaker job: runs `training.train` on the folders that SageMaker provides.

Started as a script by the SDK's drivers, alone or by torchrun once per GPU, with every hyperparameter as an
option. Those are left alone: they record the recipe, which lies beside this code and is what is trained.
"""

import os
import runpy
import sys
from collections.abc import Mapping
from pathlib import Path

CODE = Path(__file__).resolve().parent.parent


def arguments(environment: Mapping[str, str]) -> list[str]:
    """`training.train`'s options from the job's environment. Raises KeyError outside of a job."""
    return [
        *("--recipe", str(CODE / environment["VIDEO_SENTIMENT_RECIPE"])),
        *("--data", environment["SM_CHANNEL_CORPORA"]),
        *("--out", environment["SM_MODEL_DIR"]),  # becomes model.tar.gz
        *("--work", environment["VIDEO_SENTIMENT_WORK"]),  # is kept in S3: a restarted job goes on from it
    ]


def main() -> None:
    # A script's own folder comes first on the path, where training/metrics.py would be the module `metrics`.
    # The job's code must come first instead: before the training image's, too.
    sys.path[0] = str(CODE)
    sys.argv = ["training.train", *arguments(os.environ)]
    runpy.run_module("training.train", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
