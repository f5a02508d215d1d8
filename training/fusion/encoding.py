"""Encoding of single-modality samples by a bundle's encoders, cached so that fusion can be refitted in seconds."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from model.bundle import Bundle
from model.contract import Modality
from training.calibration.prediction_store import load_items, load_left_out, of_logits, save_items
from training.corpora import CORPORA
from training.corpora.base import Labels
from training.data.content_hash import FileDigests, hash_bytes
from training.data.stage_data import NO_MARKS
from training.evaluation.scoring import Encoded, encode
from training.fusion.composed_items import Pool
from training.fusion.degrading import degraded
from training.recipe import SlotRecipe

VERSION = 4  # increment for changes of readers that the preprocessing id does not reflect


def encode_slot(
    bundle: Bundle,
    weights: str,
    slot: SlotRecipe,
    data: Path,
    work: Path,
    trained: Path,
    with_degraded: bool = False,
) -> Pool:
    """Encode a slot's samples, or load them from `work`; samples of a left-out corpus are loaded from `trained`.

    `with_degraded` adds degraded samples (training.fusion.degrading). `weights` is the hash of the bundle's weights.
    Raises the errors of the corpus's reader, ValueError if the corpus has several modalities, and FileNotFoundError
    without predictions for a left-out corpus.
    """
    corpus = CORPORA[slot.corpus]
    if len(corpus.modalities) != 1:
        raise ValueError(f"{slot.name}: {slot.corpus} has several modalities; a slot needs a corpus of one")
    (modality,), versions = corpus.modalities, (False, True) if with_degraded else (False,)
    if slot.left_out is not None:
        kinds = [load_left_out(trained, modality, slot.left_out, is_degraded) for is_degraded in versions]
    else:
        kinds = _encoded(bundle, weights, slot, data / slot.folder, work, versions)
    samples, *degraded_samples = (_in_columns(bundle, kind) for kind in kinds)
    left_out = slot.left_out is not None
    return Pool(
        slot.name,
        modality,
        corpus.labels,
        samples,
        slot.folder,
        left_out,
        degraded_samples[0] if degraded_samples else None,
    )


def _encoded(
    bundle: Bundle, weights: str, slot: SlotRecipe, folder: Path, work: Path, versions: Sequence[bool]
) -> list[Encoded]:
    """Return the slot's clean (False) and degraded (True) samples, as requested; reads the corpus at most once."""
    corpus, (modality,) = CORPORA[slot.corpus], CORPORA[slot.corpus].modalities
    key = _key(bundle, weights, slot, folder, work)
    files = [work / f"{slot.name}{', degraded' if is_degraded else ''}-{key}.npz" for is_degraded in versions]
    missing = [(file, is_degraded) for file, is_degraded in zip(files, versions, strict=True) if not file.is_file()]
    if missing:
        examples = [e for e in corpus.read(folder, slot.split, bundle.tokenizer) if e.sample.get(modality) is not None]
        marks = bundle.tokenizer.marks if bundle.tokenizer is not None else NO_MARKS
        for file, is_degraded in missing:
            chosen = degraded(examples, modality, marks) if is_degraded else examples
            save_items(_single_modality(encode(bundle.network, chosen, slot.name), modality), file)
    return [load_items(file, modality) for file in files]


def pool_of(bundle: Bundle, name: str, corpus: str, paths: Sequence[Path], labels: Labels | None = None) -> Pool:
    """Encode all labeled samples of a corpus's files, with embeddings. Raises the reader's errors."""
    its = CORPORA[corpus]
    examples = [example for path in paths for example in its.read(path, "all", bundle.tokenizer)]
    return Pool(name, its.modalities[0], labels or its.labels, encode(bundle.network, examples, name))


def _key(bundle: Bundle, weights: str, slot: SlotRecipe, folder: Path, work: Path) -> str:
    """Hash everything that determines the encoded samples."""
    digests = FileDigests(work / "sources.jsonl").of(path for path in sorted(folder.rglob("*")) if path.is_file())
    files = "".join(f"{os.fspath(path.relative_to(folder))} {digest}\n" for path, digest in digests.items())
    spec = bundle.network.specs[CORPORA[slot.corpus].modalities[0]]
    parts = VERSION, spec.preprocess_id, weights, bundle.manifest.tokenizer, slot.corpus, slot.split, files
    return hash_bytes(repr(parts).encode())


def _single_modality(samples: Encoded, modality: Modality) -> Encoded:
    """Return the items that have a modality, with only that modality."""
    column = samples.modalities.index(modality)
    present_items = samples.rows(samples.rows_with([modality]))
    logits = present_items.logits[:, column]
    items = of_logits(
        modality, logits, present_items.emotions, present_items.sentiments, present_items.groups, present_items.contents
    )
    return replace(items, votes=present_items.votes)


def _in_columns(bundle: Bundle, items: Encoded) -> Encoded:
    """Expand items of one modality to the columns of the bundle's network."""
    network, (modality,) = bundle.network, items.modalities
    n, column = len(items), network.modalities.index(modality)
    logits = torch.zeros(n, len(network.modalities), items.logits.shape[2])
    logits[:, column] = items.logits[:, 0]
    present = torch.zeros(n, len(network.modalities), dtype=torch.bool)
    present[:, column] = True
    widths = [network.encoder(m).width for m in network.modalities]
    embeddings = tuple(torch.zeros(n, width) for width in widths)
    return replace(items, modalities=network.modalities, embeddings=embeddings, logits=logits, present=present)
