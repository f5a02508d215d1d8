"""Construction of a recipe's network, and storage of its trained stages."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors.torch import load_file, save_file

from model.contract import Modality
from model.modalities.base import EncoderError, Tokenizer
from model.modalities.registry import SPECS, load_public_encoder
from model.network import Calibration, EmotionNetwork, NetworkConfig
from model.weights import catalog
from training.corpora import Example
from training.data.stage_data import StageContext
from training.engine.optim import StageModules, encoder_part
from training.evaluation.provenance import TrainingCorpus
from training.files import atomic_write
from training.recipe import Recipe, RecipeError, Stage
from training.revision import commit


class StageMetadata(BaseModel):
    """Metadata saved beside the weights of a trained modality."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    priors: Calibration  # effective training priors of the logits
    fingerprint: str  # of recipe and data (`stage_fingerprint`)
    commit: str  # of the training code
    corpora: dict[str, TrainingCorpus] = {}  # if there are several


def stage_fingerprint(context: StageContext, train: Sequence[Example]) -> str:
    """Return a hash of the recipe and the training examples, which together with the code determine the result."""
    data = hashlib.sha256(
        "".join(f"{e.content}{e.emotion}{e.sentiment}{e.votes or ''}" for e in train).encode()
    ).hexdigest()
    return f"{context.recipe.digest(context.stage)} {data}"


def is_trained(context: StageContext, fingerprint: str) -> bool:
    """Return True if a completely trained stage with this fingerprint is stored."""
    if not _weights_path(context.stage, context.work).exists():
        return False
    try:
        stored = [_read_metadata(modality, context.work) for modality in context.modalities]
    except (OSError, ValidationError):
        return False
    return all(metadata.fingerprint == fingerprint for metadata in stored)


def save_trained(
    network: EmotionNetwork,
    context: StageContext,
    fingerprint: str,
    priors: Calibration,
    corpora: Mapping[str, TrainingCorpus] | None = None,
) -> None:
    """Save a trained stage. The weights, which mark it as complete, are written last and atomically."""
    weights_file = _weights_path(context.stage, context.work)
    weights_file.unlink(missing_ok=True)
    metadata = StageMetadata(priors=priors, fingerprint=fingerprint, commit=commit(), corpora=dict(corpora or {}))
    for modality in context.modalities:
        (context.work / f"{modality}.json").write_text(metadata.model_dump_json(indent=1))
    state = {key: value.contiguous() for key, value in StageModules(network, *context.modalities).state_dict().items()}
    with atomic_write(weights_file) as partial:
        save_file(state, partial)


def _weights_path(stage: Stage, work: Path) -> Path:
    return work / f"{stage.name}.safetensors"


def _read_metadata(modality: Modality, work: Path) -> StageMetadata:
    return StageMetadata.model_validate_json((work / f"{modality}.json").read_text())


def build_network(recipe: Recipe, modalities: list[Modality]) -> EmotionNetwork:
    """Build a network of the given modalities, with public encoders loaded and other weights initialized."""
    sections = {m: s for m, s in recipe.sections().items() if m in modalities}
    specs = {m: SPECS[section.kind] for m, section in sections.items()}
    shapes = [specs[m].configure(specs[m], s.encoder_options, s.public_encoder) for m, s in sections.items()]
    network = EmotionNetwork(NetworkConfig.of(*shapes))
    for modality, section in sections.items():
        if section.public_encoder is not None:
            load_public_encoder(network.encoder(modality), section.public_encoder)
    return network


def check_encoders(recipe: Recipe, modalities: Iterable[Modality]) -> None:
    """Check that the encoders can be built with the recipe's options, and have the parts that it freezes.

    Runs on the meta device, without memory for weights, before hours of training. Raises RecipeError.
    """
    for modality in modalities:
        section = recipe.sections()[modality]
        spec = SPECS[section.kind]
        try:
            shape = spec.configure(spec, section.encoder_options, section.public_encoder)
            with torch.device("meta"):
                encoder = spec.encoder(shape)
        except (EncoderError, ValidationError, ValueError) as error:
            raise RecipeError(f"[{modality}] is not valid for a {spec.kind} encoder: {_one_line(error)}") from error
        for name in section.frozen:
            encoder_part(encoder, modality, name)


def _one_line(error: Exception) -> str:
    """Format an error in one line; pydantic's errors with location and reason."""
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    return " ".join(str(error).split())


def load_trained(recipe: Recipe, work: Path) -> tuple[EmotionNetwork, dict[Modality, StageMetadata]]:
    """Load the recipe's network with its trained weights, and the metadata of each modality."""
    network = build_network(recipe, list(recipe.sections()))
    metadata: dict[Modality, StageMetadata] = {}
    for stage in recipe.stages():
        StageModules(network, *stage.modalities).load_state_dict(load_file(_weights_path(stage, work)))
        for modality in stage.modalities:
            metadata[modality] = _read_metadata(modality, work)
    return network.eval(), metadata


def tokenizer_of(recipe: Recipe) -> Tokenizer | None:
    """Load the tokenizer of the recipe's text encoder; None without one."""
    entry, text = tokenizer_entry(recipe), recipe.sections().get("text")
    load = None if text is None else SPECS[text.kind].tokenizer
    return load(catalog.fetch(entry)) if entry is not None and load is not None else None


def tokenizer_entry(recipe: Recipe) -> str | None:
    """Return the tokenizer's entry of weights.CATALOG: the public encoder's, or the spec's default."""
    text = recipe.sections().get("text")
    return None if text is None else text.public_encoder or SPECS[text.kind].default_tokenizer


def public_encoders(recipe: Recipe) -> dict[Modality, str]:
    """Return the public encoders with frozen parts, whose unchanged weights a bundle does not contain."""
    return {m: s.public_encoder for m, s in recipe.sections().items() if s.public_encoder is not None and s.frozen}
