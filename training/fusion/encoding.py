"""Single-modality samples through a bundle's encoders, kept so that fitting again costs seconds."""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from model.bundle import Bundle
from model.contract import Modality
from training.calibration.out_of_fold import load_items, load_left_out, of_logits, save_items
from training.corpora import CORPORA
from training.corpora.base import Labels
from training.data.content_hash import FileDigests, content_of
from training.data.stage import NO_MARKS
from training.evaluation.scoring import Encoded, encode
from training.fusion.composing import Pool
from training.fusion.degrading import degraded
from training.recipe import SlotRecipe

VERSION = 4  # raise it with any change of a reader that the preprocessing's id does not show


def encode_slot(
    bundle: Bundle,
    weights: str,
    slot: SlotRecipe,
    data: Path,
    work: Path,
    trained: Path,
    with_degraded: bool = False,
) -> Pool:
    """The slot's samples, encoded now or found again in `work`; those of a corpus that was left out are in `trained`,
    where training put them. `with_degraded`: as video spoils them, too (training.fusion.degrading).

    `weights` is the hash of the bundle's weights. Raises what the corpus's reader raises, ValueError where it has more
    than one modality, FileNotFoundError without predictions of a corpus left out.
    """
    corpus = CORPORA[slot.corpus]
    if len(corpus.modalities) != 1:
        raise ValueError(f"{slot.name}: {slot.corpus} has several modalities; a slot is filled from one")
    (modality,), wanted = corpus.modalities, (False, True) if with_degraded else (False,)
    if slot.left_out is not None:
        kinds = [load_left_out(trained, modality, slot.left_out, spoiled) for spoiled in wanted]
    else:
        kinds = _encoded(bundle, weights, slot, data / slot.folder, work, wanted)
    samples, *rough = (_in_columns(bundle, kind) for kind in kinds)
    left_out = slot.left_out is not None
    return Pool(slot.name, modality, corpus.labels, samples, slot.folder, left_out, rough[0] if rough else None)


def _encoded(
    bundle: Bundle, weights: str, slot: SlotRecipe, folder: Path, work: Path, wanted: Sequence[bool]
) -> list[Encoded]:
    """The slot's samples as they are (False) and degraded (True), as wanted; its corpus is read once at most."""
    corpus, (modality,) = CORPORA[slot.corpus], CORPORA[slot.corpus].modalities
    key = _key(bundle, weights, slot, folder, work)
    files = [work / f"{slot.name}{', degraded' if spoiled else ''}-{key}.npz" for spoiled in wanted]
    lacking = [(file, spoiled) for file, spoiled in zip(files, wanted, strict=True) if not file.is_file()]
    if lacking:
        examples = [e for e in corpus.read(folder, slot.split, bundle.tokenizer) if e.sample.get(modality) is not None]
        marks = bundle.tokenizer.marks if bundle.tokenizer is not None else NO_MARKS
        for file, spoiled in lacking:
            chosen = degraded(examples, modality, marks) if spoiled else examples
            save_items(_alone(encode(bundle.network, chosen, slot.name), modality), file)
    return [load_items(file, modality) for file in files]


def pool_of(bundle: Bundle, name: str, corpus: str, paths: Sequence[Path], labels: Labels | None = None) -> Pool:
    """All labeled samples of a corpus's files, encoded with their embeddings. Raises what its reader raises."""
    its = CORPORA[corpus]
    examples = [example for path in paths for example in its.read(path, "all", bundle.tokenizer)]
    return Pool(name, its.modalities[0], labels or its.labels, encode(bundle.network, examples, name))


def _key(bundle: Bundle, weights: str, slot: SlotRecipe, folder: Path, work: Path) -> str:
    """Of everything that decides what encoding gives."""
    digests = FileDigests(work / "sources.jsonl").of(path for path in sorted(folder.rglob("*")) if path.is_file())
    files = "".join(f"{os.fspath(path.relative_to(folder))} {digest}\n" for path, digest in digests.items())
    spec = bundle.network.specs[CORPORA[slot.corpus].modalities[0]]
    parts = VERSION, spec.preprocess_id, weights, bundle.manifest.tokenizer, slot.corpus, slot.split, files
    return content_of(repr(parts).encode())


def _alone(samples: Encoded, modality: Modality) -> Encoded:
    """Return the items that have a modality, with that modality alone."""
    column = samples.modalities.index(modality)
    there = samples.rows(samples.having([modality]))
    logits = there.logits[:, column]
    alone = of_logits(modality, logits, there.emotions, there.sentiments, there.groups, there.contents)
    return replace(alone, votes=there.votes)


def _in_columns(bundle: Bundle, alone: Encoded) -> Encoded:
    """Return items of one modality as the bundle's network has them: a column for each of its modalities."""
    network, (modality,) = bundle.network, alone.modalities
    n, column = len(alone), network.modalities.index(modality)
    logits = torch.zeros(n, len(network.modalities), alone.logits.shape[2])
    logits[:, column] = alone.logits[:, 0]
    present = torch.zeros(n, len(network.modalities), dtype=torch.bool)
    present[:, column] = True
    widths = [network.encoder(m).width for m in network.modalities]
    embeddings = tuple(torch.zeros(n, width) for width in widths)
    return replace(alone, modalities=network.modalities, embeddings=embeddings, logits=logits, present=present)
