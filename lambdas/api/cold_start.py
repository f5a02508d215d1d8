"""Imported first by `app`: a shorter cold start (`python -m bench --only api` measures it).

- A cold start imports some thousand modules, which all stay. The garbage collector would go through them again and
  again, for a tenth of the time, and find nothing.
- FastAPI describes OpenAPI in models that only a server of that document uses; ours is a file. They are built when
  somebody asks for them.
- Pydantic looks through every installed package for plugins. None of ours has one.
"""

import gc
import os

from pydantic import BaseModel

gc.disable()
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
BaseModel.model_config["defer_build"] = True
import fastapi  # noqa: E402, F401

del BaseModel.model_config["defer_build"]


def done() -> None:
    """Everything is imported: the collector need not look at it any more."""
    gc.freeze()
    gc.enable()
