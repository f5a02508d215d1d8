"""Loading and checking of the recipe that a command is given, before any work."""

from collections.abc import Sequence
from pathlib import Path

import typer

from model.contract import Modality
from training.corpora import CORPORA
from training.recipe import Recipe, RecipeError, Source


def read_recipe(recipe: Path) -> Recipe:
    """Read the recipe named by `--recipe`. Raises typer.BadParameter when it cannot be followed."""
    try:
        loaded = Recipe.read(recipe)
    except RecipeError as error:
        raise typer.BadParameter(f"{recipe} is no recipe: {error}", param_hint="--recipe") from error
    slots = loaded.fusion.slots if loaded.fusion is not None else ()
    if unknown := sorted(
        {*(source.corpus for source in loaded.sources()), *(slot.corpus for slot in slots)} - set(CORPORA)
    ):
        known = ", ".join(CORPORA)
        raise typer.BadParameter(f"{recipe} names {', '.join(unknown)}; corpora are {known}", param_hint="--recipe")
    for modality, section in loaded.sections().items():
        if modality not in (there := CORPORA[section.corpus].modalities):
            raise typer.BadParameter(
                f"{recipe}: [{modality}] corpus: {section.corpus} has {', '.join(there)}, and nothing of {modality}; "
                "name another corpus",
                param_hint="--recipe",
            )
    for stage in loaded.stages():
        for source in stage.sources:
            _check_source(recipe, source, stage.modalities)
    for slot in slots:
        there = CORPORA[slot.corpus].modalities
        if len(there) > 1 or there[0] not in loaded.sections():
            raise typer.BadParameter(
                f"{recipe}: [[fusion.slots]] {slot.name}: {slot.corpus} has {', '.join(there)}; "
                f"name a corpus of one of {', '.join(loaded.sections())} alone",
                param_hint="--recipe",
            )
    return loaded


def _check_source(recipe: Path, source: Source, modalities: Sequence[Modality]) -> None:
    """Raises typer.BadParameter where a corpus lacks what its stage learns or what one of its options changes."""
    corpus = CORPORA[source.corpus]
    if lacking := [m for m in modalities if m not in corpus.modalities]:
        raise typer.BadParameter(
            f"{recipe}: {source.name} has {', '.join(corpus.modalities)}, and nothing of {', '.join(lacking)}, which "
            "is learned together with it; name another corpus",
            param_hint="--recipe",
        )
    if source.options.context_dropout and not corpus.has_context:
        raise typer.BadParameter(
            f"{recipe}: context_dropout of {source.name} has no effect, as {source.corpus} has no context; "
            "leave it out",
            param_hint="--recipe",
        )
