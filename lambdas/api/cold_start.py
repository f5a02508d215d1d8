"""Shorter cold starts: settings that must be in place before the other imports, so `app` imports this module first.

`python -m bench --only api` measures the effect.

- A cold start imports about a thousand modules, all of which stay in memory. The garbage collector would traverse them
  repeatedly, for a tenth of the time, without finding anything.
- FastAPI's models of the OpenAPI document are only needed to serve it, which this API does not. Building them is
  deferred until they are used.
- Pydantic searches every installed package for plugins. None is used here.
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
    """Exclude everything imported so far from garbage collection, then enable it. Call after all imports."""
    gc.freeze()
    gc.enable()
