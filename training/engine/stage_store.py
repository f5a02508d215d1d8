"""A recipe's network: built, its public encoders loaded; its trained stages kept, and put back."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors.torch import load_file, save_file

from model import weights
from model.contract import Modality
from model.modalities.base import Tokenizer
from model.modalities.registry import SPECS, load_public_encoder
from model.network import Calibration, EmotionNetwork, NetworkConfig
from training.corpora import Example
from training.engine.optim import Part
from training.files import whole
from training.recipe import Recipe, Stage
from training.revision import commit


class Note(BaseModel):
    """What is kept beside the weights of a modality that was trained."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    priors: Calibration  # the class distributions its logits are under
    fingerprint: str  # of the recipe and the data: see `fingerprint`
    commit: str  # of the code that trained it


def fingerprint(plan: Recipe, stage: Stage, train: Sequence[Example]) -> str:
    """Of the recipe and the training examples: all that decides how a stage comes out, but for the code."""
    data = hashlib.sha256("".join(f"{e.content}{e.emotion}{e.sentiment}" for e in train).encode()).hexdigest()
    return f"{plan.digest(stage)} {data}"


def is_trained(stage: Stage, made_of: str, work: Path) -> bool:
    """Whether the stage was trained to its end, on the recipe and the data of this fingerprint."""
    if not (work / f"{stage.name}.safetensors").exists():
        return False
    try:
        notes = [Note.model_validate_json((work / f"{m}.json").read_text()) for m in stage.modalities]
    except (OSError, ValidationError):
        return False
    return all(note.fingerprint == made_of for note in notes)


def keep_trained(network: EmotionNetwork, stage: Stage, made_of: str, priors: Calibration, work: Path) -> None:
    """Keep a trained stage: notes first, and the weights, which say that it is done, whole or not at all."""
    weights_file = work / f"{stage.name}.safetensors"
    weights_file.unlink(missing_ok=True)
    note = Note(priors=priors, fingerprint=made_of, commit=commit())
    for modality in stage.modalities:
        (work / f"{modality}.json").write_text(note.model_dump_json(indent=1))
    state = {key: value.contiguous() for key, value in Part(network, *stage.modalities).state_dict().items()}
    with whole(weights_file) as partial:
        save_file(state, partial)


def build_network(plan: Recipe, modalities: list[Modality]) -> EmotionNetwork:
    """The recipe's network with the given modalities, public encoders loaded, the rest fresh."""
    sections = {m: s for m, s in plan.sections().items() if m in modalities}
    specs = {m: SPECS[section.kind] for m, section in sections.items()}
    shapes = [specs[m].configure(specs[m], s.encoder_options, s.public_encoder) for m, s in sections.items()]
    network = EmotionNetwork(NetworkConfig.of(*shapes))
    for modality, section in sections.items():
        if section.public_encoder is not None:
            load_public_encoder(network.encoder(modality), section.public_encoder)
    return network


def load_trained(plan: Recipe, work: Path) -> tuple[EmotionNetwork, dict[Modality, Note]]:
    """All modalities of the recipe with their trained weights, and what training noted of each."""
    network = build_network(plan, list(plan.sections()))
    notes: dict[Modality, Note] = {}
    for stage in plan.stages():
        Part(network, *stage.modalities).load_state_dict(load_file(work / f"{stage.name}.safetensors"))
        for modality in stage.modalities:
            notes[modality] = Note.model_validate_json((work / f"{modality}.json").read_text())
    return network.eval(), notes


def tokenizer_of(plan: Recipe) -> Tokenizer | None:
    """The tokenizer of the recipe's text encoder."""
    entry, text = tokenizer_entry(plan), plan.sections().get("text")
    load = None if text is None else SPECS[text.kind].tokenizer
    return load(weights.fetch(entry)) if entry is not None and load is not None else None


def tokenizer_entry(plan: Recipe) -> str | None:
    """The entry of weights.CATALOGUE that holds it; one that starts from nothing has its spec's."""
    text = plan.sections().get("text")
    return None if text is None else text.public_encoder or SPECS[text.kind].default_tokenizer


def public_encoders(plan: Recipe) -> dict[Modality, str]:
    """For a bundle's manifest: those that a part of it is left as; of the others the bundle holds every weight."""
    return {m: s.public_encoder for m, s in plan.sections().items() if s.public_encoder is not None and s.frozen}
