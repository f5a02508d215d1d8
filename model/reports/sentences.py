"""One sentence on why a result is what it is, composed from its figures. Imports no torch."""

import math
from collections.abc import Iterator

from model.contract import MODALITIES, Emotion, Modality, ModalityShare, Utterance
from model.reports.palette import MODALITY_NAMES

SILENT = 0.1  # nats: below, a modality says nothing between the first two emotions
PLURAL: tuple[Modality, ...] = ("text",)  # "the words say", "the voice says"
UNCLEAR = "Unclear: results this unsure were wrong more often than right."
TENFOLD = math.log(9.95)  # nats from which no decimal is shown


def factor(nats: float) -> str:
    """Return a part of a lead in nats as what it does to the odds: "×2.1" for the first emotion, "÷1.5" against it."""
    odds = math.exp(abs(nats))
    shown = f"{odds:.1f}" if abs(nats) < TENFOLD else f"{odds:,.0f}"
    return f"÷{shown}" if nats < 0 and shown != "1.0" else f"×{shown}"


def sentence_of(utterance: Utterance, with_factors: bool = False) -> str:
    """Return what each modality says of the first emotion and the second, those that speak for the first before the
    others; "" for a result that lacks the figures (schema 1).

    Where together they do not speak for the first, it is first because it is the more common, and the sentence ends
    with that. `with_factors` adds what each one does to the odds of the first against the second.
    """
    first, second = utterance.emotions[0].label, utterance.emotions[1].label
    parts = list(_parts(utterance, first, second, with_factors))
    if not parts:
        return ""
    signals = sum(share.contribution or 0.0 for share in utterance.modalities.values())
    if signals <= 0.0:
        parts.append(f"{first} comes first because it is more common than {second}")
    said = "; ".join(parts)
    return f"{said[0].upper()}{said[1:]}."


def _parts(utterance: Utterance, first: Emotion, second: Emotion, with_factors: bool) -> Iterator[str]:
    nats = {m: c.contribution for m in MODALITIES if (c := utterance.modalities.get(m)) is not None}
    known = {m: value for m, value in nats.items() if value is not None}
    silent = [m for m, value in known.items() if abs(value) < SILENT]
    for modality, value in sorted(known.items(), key=lambda item: -item[1]):
        if modality not in silent:
            favored, other = (first, second) if value > 0 else (second, first)
            shown = f" ({factor(value)})" if with_factors else ""
            yield f"{_name(modality)} {_said(modality, utterance.modalities[modality], favored, other, shown)}"
    if silent:
        names = " and ".join(filter(None, [", ".join(_name(m) for m in silent[:-1]), _name(silent[-1])]))
        yield f"{names} {_verb('say', len(silent) > 1 or silent[0] in PLURAL)} nothing either way"


def _said(modality: Modality, alone: ModalityShare, favored: Emotion, other: Emotion, shown: str) -> str:
    """Put into words that a modality speaks for one of two emotions, by way of what it predicts alone.

    Its evidence is what differs from the usual, and is weighed by emotion. So it may speak against its own first
    emotion, where it predicts that less than usual, or for one of two others.
    """
    plural, top = modality in PLURAL, alone.emotions[0].label
    if top == favored:
        return f"{_verb('say', plural)} {top}{shown}"
    if top == other:
        return f"{'are' if plural else 'is'} less {_ADJECTIVES[top]} than usual{shown}"
    return f"{_verb('say', plural)} {top}, closer to {favored} than to {other}{shown}"


_ADJECTIVES: dict[Emotion, str] = {
    "anger": "angry",
    "disgust": "disgusted",
    "fear": "fearful",
    "joy": "joyful",
    "neutral": "neutral",
    "sadness": "sad",
    "surprise": "surprised",
}


def _verb(verb: str, plural: bool) -> str:
    return verb if plural else f"{verb}s"


def _name(modality: Modality) -> str:
    return f"the {MODALITY_NAMES[modality].lower()}"
