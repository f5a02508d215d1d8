"""The explanatory sentence agrees with the contributions."""

import re
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.contract import EMOTIONS, EmotionScore, Modality, ModalityShare, Utterance
from model.reports.sentences import INCONCLUSIVE_BELOW, factor, sentence_of
from tests.unit.analyses import utterance

NAMES = {"text": "text", "audio": "voice", "face": "face"}


def result(modalities: Mapping[str, tuple[str, float | None, float]], decided_by: str = "modalities") -> Utterance:
    """Return an utterance of joy before anger; per modality: its own first emotion, its nats and its weight."""
    base = utterance(0.0, 2.0, "Hello")
    order = ["joy", "anger", *(e for e in EMOTIONS if e not in ("joy", "anger"))]
    scores = [EmotionScore(label=e, confidence=0.3 if e == "joy" else 0.1) for e in order]
    shares: dict[Modality, ModalityShare] = {}
    for name, (top, nats, weight) in modalities.items():
        labels = [top, *(e for e in EMOTIONS if e != top)]
        emotions = [EmotionScore(label=e, confidence=0.4 if e == top else 0.1) for e in labels]
        shares[name] = ModalityShare(weight=weight, contribution=nats, emotions=emotions)  # type: ignore[index]
    return base.model_copy(update={"emotions": scores, "modalities": shares, "decided_by": decided_by})


@pytest.mark.parametrize(
    ("modalities", "sentence"),
    [
        ({"face": ("joy", 2.0, 1.0), "text": ("neutral", 0.05, 0.0), "audio": ("anger", -0.5, 0.0)},
         "The face suggests joy (×7.4); the voice suggests anger (÷1.6); the text is inconclusive."),
        ({"text": ("neutral", 1.0, 0.7), "audio": ("anger", 0.4, 0.3)},
         "The text suggests neutral, closer to joy than to anger (×2.7); the voice is less angry than usual (×1.5)."),
        ({"text": ("joy", -0.4, 0.0), "audio": ("joy", 0.4, 1.0)},
         "The voice suggests joy (×1.5); the text is less joyful than usual (÷1.5); joy ranks first because it is more "
         "common than anger."),
        ({"text": ("joy", 0.01, 0.6), "face": ("joy", -0.02, 0.4)},
         "The text and the face are inconclusive; joy ranks first because it is more common than anger."),
        (dict.fromkeys(NAMES, ("joy", 0.01, 0.3)), "The text, the voice and the face are inconclusive."),
        ({"text": ("joy", 0.5, 1.0), "audio": ("anger", -0.5, 0.0), "face": ("anger", -0.4, 0.0)},
         "The text suggests joy (×1.6); the face suggests anger (÷1.5); the voice suggests anger (÷1.6); joy ranks "
         "first because it is more common than anger."),
        ({"face": ("sadness", -1.0, 0.0)},
         "The face suggests sadness, closer to anger than to joy (÷2.7); joy ranks first because it is more common "
         "than anger."),
        ({"text": ("joy", None, 0.6)}, ""),
    ],
)  # fmt: skip
def test_each_modality_is_explained(modalities: dict[str, tuple[str, float | None, float]], sentence: str) -> None:
    assert sentence_of(result(modalities), with_factors=True) == sentence


def test_the_prior_is_named_if_it_decided() -> None:
    explained = result({"face": ("anger", -0.3, 0.5), "text": ("neutral", 0.0, 0.5)}, "prior")
    assert sentence_of(explained) == (
        "The face suggests anger; the text is inconclusive; joy ranks first because it is more common than anger."
    )


@given(
    st.dictionaries(st.sampled_from(sorted(NAMES)), st.tuples(st.sampled_from(EMOTIONS), st.floats(-4, 4)), min_size=1)
)
def test_all_modalities_are_named_and_supporters_come_first(found: dict[str, tuple[str, float]]) -> None:
    sentence = sentence_of(result({m: (top, nats, 0.5) for m, (top, nats) in found.items()}))
    places = {m: sentence.lower().index(f"the {NAMES[m]}") for m in found}
    conclusive = sorted(
        (m for m in found if abs(found[m][1]) >= INCONCLUSIVE_BELOW), key=lambda m: (-found[m][1], list(NAMES).index(m))
    )
    assert [places[m] for m in conclusive] == sorted(places[m] for m in conclusive)
    for m in found:
        part = next(p for p in re.split(r"; ", sentence.lower().rstrip(".")) if f"the {NAMES[m]}" in p)
        assert ("inconclusive" in part) == (m not in conclusive)
        if m in conclusive:
            favored, other = ("joy", "angry") if found[m][1] > 0 else ("anger", "joyful")
            assert favored in part or f"less {other} than usual" in part


@pytest.mark.parametrize(
    ("nats", "shown"),
    [(0.0, "×1.0"), (-0.04, "×1.0"), (0.742, "×2.1"), (-0.4, "÷1.5"), (2.29, "×9.9"), (2.298, "×10"), (-7.0, "÷1,097")],
)
def test_a_contribution_is_formatted_as_its_effect_on_the_odds(nats: float, shown: str) -> None:
    assert factor(nats) == shown
