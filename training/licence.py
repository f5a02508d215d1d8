"""Licence line of a bundle, derived from all corpora that its recipe trains on and fits to."""

from training.corpora import CORPORA
from training.recipe import Recipe

TITLES = {"meld": "MELD", "meld-text": "MELD", "ravdess": "RAVDESS", "fer2013": "FER2013", "goemotions": "GoEmotions",
          "ferplus": "FER+"}  # fmt: skip


def licence_line(recipe: Recipe) -> str:
    """Join the recipe's terms of use and the licence of each corpus, in the recipe's order, each once."""
    return f"{recipe.licence}: {'; '.join(corpus_licences(recipe))}"


def corpus_licences(recipe: Recipe) -> list[str]:
    """Return the licences of all corpora of the recipe, each once."""
    found = [source.licence or _licence(source.corpus) for source in recipe.sources()]
    if recipe.fusion is not None:
        found += [slot.licence or _licence(slot.corpus) for slot in recipe.fusion.slots]
        found.append(recipe.fusion.judgments_licence)
        found += [recipe.fusion.votes_licence] if recipe.fusion.votes_licence else []
    return list(dict.fromkeys(found))


def _licence(corpus: str) -> str:
    return f"{TITLES.get(corpus, corpus)}: {CORPORA[corpus].licence}"
