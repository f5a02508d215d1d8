"""Make `import torchvision` work beside a CPU build of torch.

PyPI's torchvision is compiled for CUDA. Beside a CPU torch its extension does not load, and the import
dies with "operator torchvision::nms does not exist" (transformers imports it too). Nothing here uses
those operators, so declaring their names is enough. Modules that need torchvision or transformers
import this one first.
"""

import sys

import torch


def ensure_torchvision() -> None:
    """Import torchvision, declaring the operators its failed extension would have brought."""
    try:
        import torchvision  # noqa: F401
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]  # half imported
        library = torch.library.Library("torchvision", "DEF")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _declared.append(library)  # a Library withdraws its operators when it is collected
        import torchvision  # noqa: F401


_declared: list[torch.library.Library] = []
ensure_torchvision()
