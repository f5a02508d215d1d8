"""The specs of all modalities, found by the names in `model.modalities.MODULES`; loops over them start here."""

from collections.abc import Iterable
from functools import reduce
from importlib import import_module
from operator import or_
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import Field
from torch import Tensor

from model.contract import MODALITIES, Modality
from model.features import Evidence, Sample
from model.modalities import MODULES, WEIGHTS
from model.modalities.base import Encoder, EncoderConfig, EncoderError, ModalitySpec
from model.weights import catalog

AnySpec: TypeAlias = ModalitySpec[Any, Any]


def _specs() -> dict[str, AnySpec]:
    """Return the specs by kind of encoder, in the order of registration."""
    found: list[AnySpec] = [import_module(f"model.modalities.{module}").SPEC for module in MODULES]
    specs = {spec.kind: spec for spec in found}
    if len(specs) != len(MODULES) or [spec.modality for spec in found[: len(MODALITIES)]] != list(MODALITIES):
        raise TypeError("each module of model.modalities has a kind of its own, and the modality it is named after")
    if unknown := WEIGHTS.keys() - specs.keys():
        raise TypeError(f"{', '.join(sorted(unknown))}: public weights are declared of a kind of encoder that none has")
    inputs = {spec.modality: spec.prepare for spec in found[: len(MODALITIES)]}
    if others := [spec.kind for spec in found if spec.prepare is not inputs[spec.modality]]:
        raise TypeError(f"{', '.join(others)}: encoders of a modality share its `prepare`, which runs before them")
    return specs


SPECS = _specs()  # by kind
DEFAULTS: dict[Modality, AnySpec] = dict(zip(MODALITIES, SPECS.values(), strict=False))

if TYPE_CHECKING:
    AnyConfig: TypeAlias = EncoderConfig
else:  # pydantic reads which it is off `kind`
    _CONFIGS = [spec.config for spec in SPECS.values()]
    AnyConfig = Annotated[reduce(or_, _CONFIGS), Field(discriminator="kind")]


def spec_of(config: EncoderConfig) -> AnySpec:
    """The spec that a configuration belongs to."""
    return SPECS[config.kind]


def specs_of(*modalities: Modality) -> dict[Modality, AnySpec]:
    """The default spec of each of these modalities."""
    return {modality: DEFAULTS[modality] for modality in modalities}


def prepare(evidence: Evidence, specs: Iterable[AnySpec] = tuple(DEFAULTS.values())) -> Sample:
    """The tensors of one utterance, of each modality that the evidence holds something of."""
    return Sample(**{spec.modality: spec.prepare(evidence) for spec in specs})


def load_public_encoder(encoder: Encoder, public: str) -> set[str]:
    """Load an entry of weights.CATALOG into an encoder; return the names of the weights it had.

    What it does not have, as our own pooling over it, stays. Raises EncoderError or weights.WeightsError.
    """
    state = public_state(encoder, public)
    encoder.load_state_dict(state, strict=False, assign=True)  # the file's pages, not a second copy of them
    return set(state)


def public_state(encoder: Encoder, public: str) -> dict[str, Tensor]:
    """Public weights under the names that `encoder` has for them, float32.

    Raises EncoderError where they lack any that its pretrained parts have, or weights.WeightsError.
    """
    state = encoder.public_state(catalog.fetch(public))
    own, parts = encoder.state_dict(), encoder.pretrained()
    filled = tuple(f"{name}." for name, child in encoder.named_children() if any(child is part for part in parts))
    wrong = [key for key, value in state.items() if key in own and own[key].shape != value.shape]
    wrong += [key for key in own if key not in state and key.startswith(filled)]
    if wrong:
        raise EncoderError(f"the public encoder {public!r} does not fit (at {wrong[0]} and {len(wrong) - 1} more)")
    return {key: value.float() if value.is_floating_point() else value for key, value in state.items() if key in own}
