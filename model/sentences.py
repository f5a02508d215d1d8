"""One sentence on why a result is what it is, composed from its figures. Imports no torch."""

from collections.abc import Iterator

from model.contract import MODALITIES, Emotion, Modality, ModalityShare, Utterance
from model.palette import MODALITY_NAMES

SILENT = 0.1  # nats: below, a modality says nothing between the first two emotions
PLURAL: tuple[Modality, ...] = ("text",)  # "the words say", "the voice says"


def sentence_of(utterance: Utterance, with_shares: bool = False) -> str:
    """Return what each modality says of the first emotion and the second, those that speak for the first before the
    others; "" for a result that lacks the figures (schema 1).

    Where together they do not speak for the first, prior and fusion bias do, and are named. `with_shares` adds each
    one's share of what the modalities say for the first.
    """
    first, second = utterance.emotions[0].label, utterance.emotions[1].label
    parts = list(_parts(utterance, first, second, with_shares))
    if not parts:
        return ""
    signals = sum(share.contribution or 0.0 for share in utterance.modalities.values())
    if signals <= 0.0:
        parts.append(f"what is assumed beforehand puts {first} first")
    said = "; ".join(parts)
    return f"{said[0].upper()}{said[1:]}."


def _parts(utterance: Utterance, first: Emotion, second: Emotion, with_shares: bool) -> Iterator[str]:
    nats = {m: c.contribution for m in MODALITIES if (c := utterance.modalities.get(m)) is not None}
    known = {m: value for m, value in nats.items() if value is not None}
    silent = [m for m, value in known.items() if abs(value) < SILENT]
    for modality, value in sorted(known.items(), key=lambda item: -item[1]):
        if modality not in silent:
            favoured, other = (first, second) if value > 0 else (second, first)
            alone = utterance.modalities[modality]
            share = f" ({alone.weight:.0%})" if with_shares and value > 0 else ""
            yield f"{_name(modality)} {_said(modality, alone, favoured, other)}{share}"
    if silent:
        names = " and ".join(filter(None, [", ".join(_name(m) for m in silent[:-1]), _name(silent[-1])]))
        yield f"{names} {_verb('say', len(silent) > 1 or silent[0] in PLURAL)} nothing either way"


def _said(modality: Modality, alone: ModalityShare, favoured: Emotion, other: Emotion) -> str:
    """Put into words that a modality speaks for one of two emotions: its own first emotion, and which of the two where
    that is neither.

    Its evidence is weighed by emotion, so its own first may be the one that it speaks against.
    """
    plural, top = modality in PLURAL, alone.emotions[0].label
    if top == favoured:
        return f"{_verb('say', plural)} {top}"
    if top == other:
        return f"{_verb('lean', plural)} to {favoured}"
    return f"{_verb('say', plural)} {top}, and {favoured} rather than {other}"


def _verb(verb: str, plural: bool) -> str:
    return verb if plural else f"{verb}s"


def _name(modality: Modality) -> str:
    return f"the {MODALITY_NAMES[modality].lower()}"
