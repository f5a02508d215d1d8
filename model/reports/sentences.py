"""One-sentence explanation of a result, composed from the contributions. Imports no torch."""

import math
from collections.abc import Iterator

from model.contract import MODALITIES, Emotion, Modality, ModalityShare, Utterance
from model.reports.palette import MODALITY_NAMES

INCONCLUSIVE_BELOW = 0.1  # nats; a smaller contribution favors neither emotion
UNCLEAR = "Unclear: at this confidence, results were wrong more often than right."
TENFOLD = math.log(9.95)  # nats; larger factors are shown without decimals


def factor(nats: float) -> str:
    """Format a contribution in nats as its effect on the odds of the first emotion: "×2.1" or "÷1.5"."""
    odds = math.exp(abs(nats))
    shown = f"{odds:.1f}" if abs(nats) < TENFOLD else f"{odds:,.0f}"
    return f"÷{shown}" if nats < 0 and shown != "1.0" else f"×{shown}"


def sentence_of(utterance: Utterance, with_factors: bool = False) -> str:
    """Explain how each modality affects the first emotion's lead over the second, its supporters first.

    If the modalities together do not favor the first emotion, the sentence ends with the reason: it is more common.
    `with_factors` adds each modality's effect on the odds. Returns "" for results without contributions (schema 1).
    """
    first, second = utterance.emotions[0].label, utterance.emotions[1].label
    parts = list(_parts(utterance, first, second, with_factors))
    if not parts:
        return ""
    signals = sum(share.contribution or 0.0 for share in utterance.modalities.values())
    if signals <= 0.0:
        parts.append(f"{first} ranks first because it is more common than {second}")
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _parts(utterance: Utterance, first: Emotion, second: Emotion, with_factors: bool) -> Iterator[str]:
    nats = {m: c.contribution for m in MODALITIES if (c := utterance.modalities.get(m)) is not None}
    known = {m: value for m, value in nats.items() if value is not None}
    inconclusive = [m for m, value in known.items() if abs(value) < INCONCLUSIVE_BELOW]
    for modality, value in sorted(known.items(), key=lambda item: -item[1]):
        if modality not in inconclusive:
            favored, other = (first, second) if value > 0 else (second, first)
            effect = f" ({factor(value)})" if with_factors else ""
            yield f"{_name(modality)} {_phrase(utterance.modalities[modality], favored, other)}{effect}"
    if inconclusive:
        *names, last = [_name(m) for m in inconclusive]
        yield f"{', '.join(names)} and {last} are inconclusive" if names else f"{last} is inconclusive"


def _phrase(share: ModalityShare, favored: Emotion, other: Emotion) -> str:
    """Describe how a modality that favors one of two emotions relates to its own prediction.

    Evidence is relative to the prior and weighted by emotion. So a modality may contribute against its own first
    emotion, if it predicts that one less than usual, or favor one of two others.
    """
    top = share.emotions[0].label
    if top == favored:
        return f"suggests {top}"
    if top == other:
        return f"is less {_ADJECTIVES[top]} than usual"
    return f"suggests {top}, closer to {favored} than to {other}"


_ADJECTIVES: dict[Emotion, str] = {
    "anger": "angry",
    "disgust": "disgusted",
    "fear": "fearful",
    "joy": "joyful",
    "neutral": "neutral",
    "sadness": "sad",
    "surprise": "surprised",
}


def _name(modality: Modality) -> str:
    return f"the {MODALITY_NAMES[modality].lower()}"
