"""Loading and validation of a command's recipe."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer

from model.contract import Modality
from training.corpora import CORPORA
from training.recipe import Recipe, RecipeError, SlotRecipe, Source


def read_recipe(recipe: Path) -> Recipe:
    """Read the recipe given by `--recipe`. Raises typer.BadParameter if it is invalid."""
    with reporting_recipe_errors(recipe):
        loaded = Recipe.read(recipe)
        slots = loaded.fusion.slots if loaded.fusion is not None else ()
        named = {source.corpus for source in loaded.sources()} | {slot.corpus for slot in slots}
        if unknown := sorted(named - set(CORPORA)):
            raise RecipeError(f"it names {', '.join(unknown)}; the corpora are {', '.join(CORPORA)}")
        for stage in loaded.stages():
            for source in stage.sources:
                _check_source(source, stage.modalities)
        for slot in slots:
            _check_slot(slot, loaded)
    return loaded


@contextmanager
def reporting_recipe_errors(recipe: Path) -> Iterator[None]:
    """Turn a RecipeError into a one-line usage error with the recipe's path."""
    try:
        yield
    except RecipeError as error:
        raise typer.BadParameter(f"{recipe} is not a valid recipe: {error}", param_hint="--recipe") from error


def _check_source(source: Source, modalities: Sequence[Modality]) -> None:
    """Raise RecipeError for a corpus that lacks a modality of its stage or the data that one of its options needs."""
    corpus = CORPORA[source.corpus]
    if lacking := [m for m in modalities if m not in corpus.modalities]:
        has = f"{source.name} has {', '.join(corpus.modalities)}, but not {', '.join(lacking)}"
        if source.share:
            raise RecipeError(f"{has}, which the stage trains; choose another corpus")
        raise RecipeError(f"[{lacking[0]}] corpus: {has}; choose another corpus")
    if source.options.context_dropout and not corpus.has_context:
        raise RecipeError(
            f"context_dropout of {source.name} has no effect, as {source.corpus} has no context; remove it"
        )


def _check_slot(slot: SlotRecipe, recipe: Recipe) -> None:
    """Raise RecipeError for a slot whose corpus has several modalities, or one that the recipe does not train."""
    modalities = CORPORA[slot.corpus].modalities
    if len(modalities) > 1 or modalities[0] not in recipe.sections():
        raise RecipeError(
            f"[[fusion.slots]] {slot.name}: {slot.corpus} has {', '.join(modalities)}; "
            f"choose a corpus with only one of {', '.join(recipe.sections())}"
        )
