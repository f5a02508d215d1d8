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
    if unknown := sorted(set(loaded.corpora) - set(CORPORA)):
        known = ", ".join(CORPORA)
        raise typer.BadParameter(f"{recipe} names {', '.join(unknown)}; corpora are {known}", param_hint="--recipe")
    return loaded
