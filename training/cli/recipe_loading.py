"""Loading and checking of the recipe that a command is given, before any work."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer

from model.contract import Modality
from training.corpora import CORPORA
from training.recipe import Recipe, RecipeError, SlotRecipe, Source


def read_recipe(recipe: Path) -> Recipe:
    """Read the recipe named by `--recipe`. Raises typer.BadParameter when it cannot be followed."""
    with refused(recipe):
        loaded = Recipe.read(recipe)
        slots = loaded.fusion.slots if loaded.fusion is not None else ()
        named = {source.corpus for source in loaded.sources()} | {slot.corpus for slot in slots}
        if unknown := sorted(named - set(CORPORA)):
            raise RecipeError(f"it names {', '.join(unknown)}; corpora are {', '.join(CORPORA)}")
        for stage in loaded.stages():
            for source in stage.sources:
                _check_source(source, stage.modalities)
        for slot in slots:
            _check_slot(slot, loaded)
    return loaded


@contextmanager
def refused(recipe: Path) -> Iterator[None]:
    """Turn a RecipeError into the one line of a command, with the recipe's name."""
    try:
        yield
    except RecipeError as error:
        raise typer.BadParameter(f"{recipe} is no recipe: {error}", param_hint="--recipe") from error


def _check_source(source: Source, modalities: Sequence[Modality]) -> None:
    """Raise RecipeError for a corpus that lacks a modality of its stage, or what one of its options changes."""
    corpus = CORPORA[source.corpus]
    if lacking := [m for m in modalities if m not in corpus.modalities]:
        has = f"{source.name} has {', '.join(corpus.modalities)}, and nothing of {', '.join(lacking)}"
        if source.share:
            raise RecipeError(f"{has}, which is learned together with it; name another corpus")
        raise RecipeError(f"[{lacking[0]}] corpus: {has}; name another corpus")
    if source.options.context_dropout and not corpus.has_context:
        raise RecipeError(
            f"context_dropout of {source.name} has no effect, as {source.corpus} has no context; leave it out"
        )


def _check_slot(slot: SlotRecipe, recipe: Recipe) -> None:
    """Raise RecipeError for a slot whose corpus has several modalities, or one that the recipe lacks."""
    there = CORPORA[slot.corpus].modalities
    if len(there) > 1 or there[0] not in recipe.sections():
        raise RecipeError(
            f"[[fusion.slots]] {slot.name}: {slot.corpus} has {', '.join(there)}; "
            f"name a corpus of one of {', '.join(recipe.sections())} alone"
        )
