"""A recipe's network: built, its public encoders loaded; its trained stages kept, and put back."""

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
from training.data.stage import StageContext
from training.engine.optim import Part, encoder_part
from training.evaluation.provenance import TaughtBy
from training.files import whole
from training.recipe import Recipe, RecipeError, Stage
from training.revision import commit


class Note(BaseModel):
    """Metadata saved beside the weights of a trained modality."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    priors: Calibration  # the class distributions its logits are under
    fingerprint: str  # of the recipe and the data: see `fingerprint`
    commit: str  # of the code that trained it
    corpora: dict[str, TaughtBy] = {}  # where several taught it


def fingerprint(context: StageContext, train: Sequence[Example]) -> str:
    """Return a digest of the recipe and the training examples: everything that determines a stage's result but the
    code.
    """
    data = hashlib.sha256(
        "".join(f"{e.content}{e.emotion}{e.sentiment}{e.votes or ''}" for e in train).encode()
    ).hexdigest()
    return f"{context.recipe.digest(context.stage)} {data}"


def is_trained(context: StageContext, made_of: str) -> bool:
    """Return True when the stage was trained to its end on the recipe and data of this fingerprint."""
    if not _weights_of(context.stage, context.work).exists():
        return False
    try:
        notes = [_note_of(modality, context.work) for modality in context.modalities]
    except (OSError, ValidationError):
        return False
    return all(note.fingerprint == made_of for note in notes)


def keep_trained(
    network: EmotionNetwork,
    context: StageContext,
    made_of: str,
    priors: Calibration,
    corpora: Mapping[str, TaughtBy] | None = None,
) -> None:
    """Keep a trained stage: notes first, and the weights, which say that it is done, whole or not at all."""
    weights_file = _weights_of(context.stage, context.work)
    weights_file.unlink(missing_ok=True)
    note = Note(priors=priors, fingerprint=made_of, commit=commit(), corpora=dict(corpora or {}))
    for modality in context.modalities:
        (context.work / f"{modality}.json").write_text(note.model_dump_json(indent=1))
    state = {key: value.contiguous() for key, value in Part(network, *context.modalities).state_dict().items()}
    with whole(weights_file) as partial:
        save_file(state, partial)


def _weights_of(stage: Stage, work: Path) -> Path:
    return work / f"{stage.name}.safetensors"


def _note_of(modality: Modality, work: Path) -> Note:
    return Note.model_validate_json((work / f"{modality}.json").read_text())


def build_network(recipe: Recipe, modalities: list[Modality]) -> EmotionNetwork:
    """The recipe's network with the given modalities, public encoders loaded, the rest fresh."""
    sections = {m: s for m, s in recipe.sections().items() if m in modalities}
    specs = {m: SPECS[section.kind] for m, section in sections.items()}
    shapes = [specs[m].configure(specs[m], s.encoder_options, s.public_encoder) for m, s in sections.items()]
    network = EmotionNetwork(NetworkConfig.of(*shapes))
    for modality, section in sections.items():
        if section.public_encoder is not None:
            load_public_encoder(network.encoder(modality), section.public_encoder)
    return network


def check_encoders(recipe: Recipe, modalities: Iterable[Modality]) -> None:
    """Check that the encoders can be built in the recipe's shapes, and have the parts that it freezes.

    Raises RecipeError. Takes no memory for weights, so that it can be done before hours of training.
    """
    for modality in modalities:
        section = recipe.sections()[modality]
        spec = SPECS[section.kind]
        try:
            shape = spec.configure(spec, section.encoder_options, section.public_encoder)
            with torch.device("meta"):
                encoder = spec.encoder(shape)
        except (EncoderError, ValidationError, ValueError) as error:
            raise RecipeError(f"[{modality}] is of no {spec.kind} encoder: {_one_line(error)}") from error
        for name in section.frozen:
            encoder_part(encoder, modality, name)


def _one_line(error: Exception) -> str:
    """Return an error's message in one line; of pydantic's errors each place and its reason."""
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
    return " ".join(str(error).split())


def load_trained(recipe: Recipe, work: Path) -> tuple[EmotionNetwork, dict[Modality, Note]]:
    """All modalities of the recipe with their trained weights, and what training noted of each."""
    network = build_network(recipe, list(recipe.sections()))
    notes: dict[Modality, Note] = {}
    for stage in recipe.stages():
        Part(network, *stage.modalities).load_state_dict(load_file(_weights_of(stage, work)))
        for modality in stage.modalities:
            notes[modality] = _note_of(modality, work)
    return network.eval(), notes


def tokenizer_of(recipe: Recipe) -> Tokenizer | None:
    """The tokenizer of the recipe's text encoder."""
    entry, text = tokenizer_entry(recipe), recipe.sections().get("text")
    load = None if text is None else SPECS[text.kind].tokenizer
    return load(catalog.fetch(entry)) if entry is not None and load is not None else None


def tokenizer_entry(recipe: Recipe) -> str | None:
    """The entry of weights.CATALOG that holds it; one that starts from nothing has its spec's."""
    text = recipe.sections().get("text")
    return None if text is None else text.public_encoder or SPECS[text.kind].default_tokenizer


def public_encoders(recipe: Recipe) -> dict[Modality, str]:
    """Return the public encoders of which a bundle keeps some weights unchanged, for its manifest.

    Of all other encoders the bundle holds every weight.
    """
    return {m: s.public_encoder for m, s in recipe.sections().items() if s.public_encoder is not None and s.frozen}
