"""Loading and checking of the recipe that a command is given, before any work."""

from pathlib import Path

import typer

from training.corpora import CORPORA
from training.recipe import Recipe, RecipeError


def read_recipe(recipe: Path) -> Recipe:
    """Read the recipe named by `--recipe`. Raises typer.BadParameter when it cannot be followed."""
    try:
        loaded = Recipe.read(recipe)
    except RecipeError as error:
        raise typer.BadParameter(f"{recipe} is no recipe: {error}", param_hint="--recipe") from error
    slots = loaded.fusion.slots if loaded.fusion is not None else ()
    if unknown := sorted({*loaded.corpora, *(slot.corpus for slot in slots)} - set(CORPORA)):
        known = ", ".join(CORPORA)
        raise typer.BadParameter(f"{recipe} names {', '.join(unknown)}; corpora are {known}", param_hint="--recipe")
    for modality, section in loaded.sections().items():
        if modality not in (there := CORPORA[section.corpus].modalities):
            raise typer.BadParameter(
                f"{recipe}: [{modality}] corpus: {section.corpus} has {', '.join(there)}, and nothing of {modality}; "
                "name another corpus",
                param_hint="--recipe",
            )
    for slot in slots:
        there = CORPORA[slot.corpus].modalities
        if len(there) > 1 or there[0] not in loaded.sections():
            raise typer.BadParameter(
                f"{recipe}: [[fusion.slots]] {slot.name}: {slot.corpus} has {', '.join(there)}; "
                f"name a corpus of one of {', '.join(loaded.sections())} alone",
                param_hint="--recipe",
            )
    return loaded
