"""Registry and readers of the training corpora.

Corpora are split by dialogue or actor, never by clip, as clips of one actor are near duplicates. docs/training-data.md
describes the formats.
"""

from functools import partial

from model.contract import MODALITIES
from training.corpora.base import IGNORED, Corpus, Example, Split, class_frequencies
from training.corpora.fer2013 import read_fer2013
from training.corpora.ferplus import read_ferplus
from training.corpora.goemotions import read_goemotions
from training.corpora.manifest import read_manifest
from training.corpora.meld import read_meld, read_meld_text
from training.corpora.ravdess import read_ravdess, sex_of_actor
from training.corpora.voices import read_voices

__all__ = [
    "CORPORA",
    "IGNORED",
    "Corpus",
    "Example",
    "Split",
    "class_frequencies",
    "read_fer2013",
    "read_ferplus",
    "read_goemotions",
    "read_manifest",
    "read_meld",
    "read_meld_text",
    "read_ravdess",
    "read_voices",
]

CORPORA: dict[str, Corpus] = {
    corpus.name: corpus
    for corpus in (
        Corpus("meld", MODALITIES, "GPL-3.0", read_meld, has_context=True),
        Corpus("meld-text", ("text",), "GPL-3.0", read_meld_text, has_context=True),
        Corpus("meld-text-plain", ("text",), "GPL-3.0", partial(read_meld_text, plain=True), has_context=True),
        Corpus("goemotions", ("text",), "CC BY 4.0", read_goemotions, "text"),
        Corpus("ravdess", ("audio",), "CC BY-NC-SA 4.0", read_ravdess, "intended", sex_of_actor),
        Corpus("voices", ("audio",), "that of the folder's files", read_voices, "intended"),
        Corpus("fer2013", ("face",), "FER-2013 challenge data, research use", read_fer2013, "face"),
        Corpus("ferplus", ("face",), "FER-2013 challenge data, research use; votes MIT", read_ferplus, "face"),
        Corpus("manifest", MODALITIES, "that of the files the manifest names", read_manifest, has_context=True),
    )
}
