"""The licence line of a bundle, derived from everything that its recipe learns from and fits to."""

from training.corpora import CORPORA
from training.recipe import Recipe

TITLES = {"meld": "MELD", "meld-text": "MELD", "ravdess": "RAVDESS", "fer2013": "FER2013", "goemotions": "GoEmotions",
          "ferplus": "FER+"}  # fmt: skip


def licence_line(plan: Recipe) -> str:
    """Join the recipe's statement on the bundle's use and each corpus's licence, in the recipe's order, each once."""
    return f"{plan.licence}: {'; '.join(corpus_licences(plan))}"


def corpus_licences(plan: Recipe) -> list[str]:
    """The licence of every corpus that takes part, each once."""
    found = [source.licence or _licence(source.corpus) for source in plan.sources()]
    if plan.fusion is not None:
        found += [slot.licence or _licence(slot.corpus) for slot in plan.fusion.slots]
        found.append(plan.fusion.judgments_licence)
        found += [plan.fusion.votes_licence] if plan.fusion.votes_licence else []
    return list(dict.fromkeys(found))


def _licence(corpus: str) -> str:
    return f"{TITLES.get(corpus, corpus)}: {CORPORA[corpus].licence}"
