"""The modalities, each in a module of its own that defines `SPEC` (see `base.ModalitySpec`).

A modality is registered by its name in `model.contract.Modality`, which decides the order of the network's columns:
the module of that name here holds its spec, and the one in `training.modalities` how it is trained. A further encoder
of a modality (another text model, say) is registered by the name of its module below, and takes the same input:
`SPEC = dataclasses.replace(text.SPEC, config=..., encoder=...)`. This file imports nothing but the contract, so that
recipes can be checked where there is no torch.
"""

from model.contract import MODALITIES

MODULES: tuple[str, ...] = (
    *MODALITIES,  # the default encoder of each
)
