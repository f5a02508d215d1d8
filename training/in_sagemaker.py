"""Entry point of a SageMaker job: runs `training.train` on the folders that SageMaker provides.

The SDK's drivers start it as a script, directly or by torchrun once per GPU, with every hyperparameter as an option.
The options are ignored: they only record the recipe, whose file is beside this code.
"""

import os
import runpy
import sys
from collections.abc import Mapping
from pathlib import Path

CODE = Path(__file__).resolve().parent.parent


def arguments(environment: Mapping[str, str]) -> list[str]:
    """Return the options of `training.train` from the job's environment. Raises KeyError outside a job."""
    return [
        *("--recipe", str(CODE / environment["VIDEO_SENTIMENT_RECIPE"])),
        *("--data", environment["SM_CHANNEL_CORPORA"]),
        *("--out", environment["SM_MODEL_DIR"]),  # becomes model.tar.gz
        *("--work", environment["VIDEO_SENTIMENT_WORK"]),  # synchronized with S3; a restarted job resumes from it
    ]


def main() -> None:
    """Run `training.train` with the job's folders."""
    # Python puts the script's folder first on the path; the modules of training/ would shadow others there. The job's
    # code must come first instead, before that of the training image.
    sys.path[0] = str(CODE)
    sys.argv = ["training.train", *arguments(os.environ)]
    runpy.run_module("training.train", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
