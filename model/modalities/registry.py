"""Registry of modality specs, built from `model.modalities.MODULES`."""

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
        raise TypeError("modules of model.modalities need distinct kinds, and default ones the modality of their name")
    if unknown := WEIGHTS.keys() - specs.keys():
        raise TypeError(f"public weights are declared for unknown kinds of encoder: {', '.join(sorted(unknown))}")
    inputs = {spec.modality: spec.prepare for spec in found[: len(MODALITIES)]}
    if others := [spec.kind for spec in found if spec.prepare is not inputs[spec.modality]]:
        raise TypeError(f"{', '.join(others)}: all encoders of a modality must share its `prepare`")
    return specs


SPECS = _specs()  # by kind
DEFAULTS: dict[Modality, AnySpec] = dict(zip(MODALITIES, SPECS.values(), strict=False))

if TYPE_CHECKING:
    AnyConfig: TypeAlias = EncoderConfig
else:  # pydantic selects the class by `kind`
    _CONFIGS = [spec.config for spec in SPECS.values()]
    AnyConfig = Annotated[reduce(or_, _CONFIGS), Field(discriminator="kind")]


def spec_of(config: EncoderConfig) -> AnySpec:
    """Return the spec of a configuration."""
    return SPECS[config.kind]


def specs_of(*modalities: Modality) -> dict[Modality, AnySpec]:
    """Return the default specs of these modalities."""
    return {modality: DEFAULTS[modality] for modality in modalities}


def prepare(evidence: Evidence, specs: Iterable[AnySpec] = tuple(DEFAULTS.values())) -> Sample:
    """Convert an utterance's evidence to the inputs of all modalities that it has."""
    return Sample(**{spec.modality: spec.prepare(evidence) for spec in specs})


def load_public_encoder(encoder: Encoder, public: str) -> set[str]:
    """Load a catalog entry into an encoder; return the names of the loaded weights.

    Other weights, such as those of pooling layers, are unchanged. Raises EncoderError or WeightsError.
    """
    state = public_state(encoder, public)
    encoder.load_state_dict(state, strict=False, assign=True)  # shares the file's memory pages
    return set(state)


def public_state(encoder: Encoder, public: str) -> dict[str, Tensor]:
    """Read a catalog entry's weights by the names of `encoder`, as float32.

    Raises EncoderError if weights of the encoder's pretrained parts are missing or differ in shape, or WeightsError.
    """
    state = encoder.public_state(catalog.fetch(public))
    own, parts = encoder.state_dict(), encoder.pretrained()
    filled = tuple(f"{name}." for name, child in encoder.named_children() if any(child is part for part in parts))
    wrong = [key for key, value in state.items() if key in own and own[key].shape != value.shape]
    wrong += [key for key in own if key not in state and key.startswith(filled)]
    if wrong:
        raise EncoderError(f"public encoder {public!r} does not match (at {wrong[0]} and {len(wrong) - 1} more)")
    return {key: value.float() if value.is_floating_point() else value for key, value in state.items() if key in own}
