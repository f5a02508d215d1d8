"""Train a bundle's modalities from a recipe.

    python -m training.train --data DIR            # every modality, then calibrate and write the bundle
    python -m training.train --data DIR --only face

Each trained modality is kept under build/, so one can be trained again without the others.
"""

from pathlib import Path
from typing import Annotated

import torch
import typer
from safetensors.torch import save_file

from model.contract import EMOTIONS, SENTIMENTS, Modality
from model.network import Calibration
from training.bundling import write_bundle
from training.corpora import CORPORA, class_frequencies
from training.loop import Part, fit
from training.recipe import Recipe
from training.trained import build_network, tokenizer_of

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
    state = {key: value.contiguous() for key, value in Part(network, modality).state_dict().items()}
    save_file(state, work / f"{modality}.safetensors")


if __name__ == "__main__":
    typer.run(main)
