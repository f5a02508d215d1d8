"""Train a bundle's modalities from a recipe.

    python -m training.train --data DIR            # every modality, then calibrate and write the bundle
    python -m training.train --data DIR --only face

Each trained modality is kept under build/, so one can be trained again without the others.
"""

from pathlib import Path
from typing import Annotated

import torch
import typer
from safetensors.torch import load_file, save_file
from transformers import BertConfig

from model import weights
from model.bundle import load_public_encoder
from model.contract import EMOTIONS, SENTIMENTS, Modality
from model.features import TextTokenizer
from model.network import Calibration, EmotionNetwork, NetworkConfig

from training.corpora import CORPORA, class_frequencies
from training.loop import Part, fit
from training.recipe import Recipe

ROOT = Path(__file__).resolve().parent.parent


def main(
    data: Annotated[Path, typer.Option(help="Folder that holds the corpora's folders (meld, ravdess, fer2013).")],
    recipe: Annotated[Path, typer.Option(help="What to train, and how.")] = ROOT / "training" / "starter.toml",
    out: Annotated[Path | None, typer.Option(help="Where to write the bundle.")] = None,
    only: Annotated[str | None, typer.Option(help="Train this modality alone; write no bundle.")] = None,
    again: Annotated[bool, typer.Option(help="Train also what build/ already holds.")] = False,
) -> None:
    """Train a bundle from a recipe."""
    plan = Recipe.read(recipe)
    work = ROOT / "build" / "training" / plan.name
    work.mkdir(parents=True, exist_ok=True)
    wanted = [m for m in plan.sections() if only in (None, m)]
    for modality in wanted:
        if again or not (work / f"{modality}.safetensors").exists():
            train_modality(plan, modality, data, work)
    if only is None:
        from training.bundling import write_bundle
        write_bundle(plan, data, work, out or ROOT / "model" / "bundles" / plan.name)


def train_modality(plan: Recipe, modality: Modality, data: Path, work: Path) -> None:
    """Train one modality and keep its weights and training prior under `work`."""
    section = plan.sections()[modality]
    corpus = CORPORA[section.corpus]
    torch.manual_seed(plan.seed)
    network = build_network(plan, [modality])
    examples = corpus.read(data / section.folder, "train", tokenizer_of(plan))
    calibration = Calibration(
        prior_emotion=class_frequencies([e.emotion for e in examples], len(EMOTIONS)),
        prior_sentiment=class_frequencies([e.sentiment for e in examples], len(SENTIMENTS)),
    )
    fit(network, modality, examples, section, plan.seed)
    (work / f"{modality}.json").write_text(calibration.model_dump_json(indent=1))
    save_file(Part(network, modality).state_dict(), work / f"{modality}.safetensors")


def build_network(plan: Recipe, modalities: list[Modality]) -> EmotionNetwork:
    """The recipe's network with the given modalities, public encoders loaded, the rest fresh."""
    sections = {m: s for m, s in plan.sections().items() if m in modalities}
    text = sections.get("text")
    config = NetworkConfig(
        text=None if text is None else bert_config(text.public_encoder or ""),
        audio_width=sections["audio"].width if "audio" in sections else None,
        face_width=sections["face"].width if "face" in sections else None,
        video="video" in sections,
    )
    network = EmotionNetwork(config)
    if text is not None and text.public_encoder is not None:
        load_public_encoder(network.encoders["text"], text.public_encoder)
        for parameter in network.encoders["text"].bert.embeddings.parameters():  # type: ignore[union-attr]
            parameter.requires_grad_(False)
    return network


def load_trained(plan: Recipe, work: Path) -> tuple[EmotionNetwork, dict[Modality, Calibration]]:
    """All modalities of the recipe with their trained weights, and what training noted of each."""
    network = build_network(plan, list(plan.sections()))
    notes: dict[Modality, Calibration] = {}
    for modality in network.modalities:
        Part(network, modality).load_state_dict(load_file(work / f"{modality}.safetensors"))
        notes[modality] = Calibration.model_validate_json((work / f"{modality}.json").read_text())
    return network.eval(), notes


def tokenizer_of(plan: Recipe) -> TextTokenizer | None:
    if plan.text is None or plan.text.public_encoder is None:
        return None
    return TextTokenizer(weights.fetch(plan.text.public_encoder) / "tokenizer.json")


def bert_config(public_encoder: str) -> dict[str, object]:
    """Only what differs from transformers' defaults for BERT."""
    config = BertConfig.from_json_file(weights.fetch(public_encoder) / "config.json")
    return dict(config.to_diff_dict())


if __name__ == "__main__":
    typer.run(main)
