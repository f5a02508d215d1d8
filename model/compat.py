"""Workarounds for the platforms that the engine runs on.

PyPI's torchvision is compiled for CUDA. With a CPU build of torch its extension does not load, and
`import torchvision` fails with "operator torchvision::nms does not exist" (transformers imports it too). The engine
does not use those operators, so declaring their names is enough. Call `ensure_torchvision` before importing
torchvision or transformers.
"""

import contextlib
import ctypes
import sys

import torch

_declared: list[torch.library.Library] = []


def ensure_torchvision() -> None:
    """Import torchvision; if its extension fails to load, declare the missing operators and import it again."""
    try:
        import torchvision  # noqa: F401
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]  # partially imported
        library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")  # type: ignore[no-untyped-call]
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")  # type: ignore[no-untyped-call]
        _declared.append(library)  # a garbage-collected Library unregisters its operators
        import torchvision  # noqa: F401


def release_memory() -> None:
    """Return freed memory to the system: glibc keeps fragments, and they grow over the hours of a long video."""
    with contextlib.suppress(OSError, AttributeError, TypeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
