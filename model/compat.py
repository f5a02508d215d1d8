"""Workarounds for the platforms that the engine runs on.

`import torchvision` beside a CPU build of torch: PyPI's is compiled for CUDA, its extension does not load, and
the import dies with "operator torchvision::nms does not exist" (transformers imports it too). Nothing here uses
those operators, so declaring their names is enough. Whoever imports torchvision or transformers calls
`ensure_torchvision` first.
"""

import contextlib
import ctypes
import sys

import torch

_declared: list[torch.library.Library] = []


def ensure_torchvision() -> None:
    """Import torchvision, declaring the operators its failed extension would have brought."""
    try:
        import torchvision  # noqa: F401
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]  # half imported
        library = torch.library.Library("torchvision", "DEF")  # type: ignore[no-untyped-call]
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")  # type: ignore[no-untyped-call]
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")  # type: ignore[no-untyped-call]
        _declared.append(library)  # a Library withdraws its operators when it is collected
        import torchvision  # noqa: F401


def give_back_memory() -> None:
    """Have glibc return what was freed to the system; it keeps pieces between others, more with every hour."""
    with contextlib.suppress(OSError, AttributeError, TypeError):  # another C library
        ctypes.CDLL(None).malloc_trim(0)
