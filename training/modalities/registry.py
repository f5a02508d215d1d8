"""Recipe sections of all modalities, by the names in `model.modalities.MODULES`. Does not import torch."""

from functools import reduce
from importlib import import_module
from operator import or_
from typing import Annotated, Any

from pydantic import Discriminator, Tag

from model.contract import MODALITIES, Modality
from model.modalities import MODULES
from training.modalities.base import ModalityRecipe

RECIPES: tuple[type[ModalityRecipe], ...] = tuple(
    import_module(f"training.modalities.{module}").RECIPE for module in MODULES
)
BY_KIND: dict[str, type[ModalityRecipe]] = {recipe.kind: recipe for recipe in RECIPES}
DEFAULT_RECIPES: dict[Modality, type[ModalityRecipe]] = dict(zip(MODALITIES, RECIPES, strict=False))


def section_type(modality: Modality) -> Any:
    """Return the type of a modality's section for pydantic: a class, or a union discriminated by `encoder`."""
    recipes = [recipe for recipe in RECIPES if recipe.modality == modality]
    if len(recipes) == 1:
        return recipes[0]
    tagged = [Annotated[recipe, Tag(recipe.kind)] for recipe in recipes]
    return Annotated[reduce(or_, tagged), Discriminator(lambda section: _encoder_of(section) or recipes[0].kind)]


def _encoder_of(section: Any) -> Any:
    return section.get("encoder") if isinstance(section, dict) else getattr(section, "encoder", None)
