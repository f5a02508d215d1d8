"""Several corpora that are learned together: their balance, what is refused, and what a bundle says of them."""

from collections import Counter
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.features import Sample
from model.modalities.face import FaceConfig
from model.network import EmotionNetwork, NetworkConfig
from training.corpora import IGNORED, Example
from training.data.batches import Batches, Mixture
from training.data.collate import to_batch
from training.engine.loss import StageLoss, effective_priors
from training.modalities.face import FaceRecipe
from training.recipe import CorpusRecipe

SIZES = st.lists(st.integers(1, 60), min_size=1, max_size=4)


@st.composite
def mixtures(draw: st.DrawFn) -> Mixture:
    sizes = draw(SIZES)
    parts = draw(st.lists(st.integers(1, 10), min_size=len(sizes), max_size=len(sizes)))
    return Mixture(tuple(sizes), tuple(part / sum(parts) for part in parts[1:]), draw(st.integers(0, 1000)))


def corpus_of(mixture: Mixture, row: int) -> int:
    return next(i for i in range(len(mixture.sizes)) if row < sum(mixture.sizes[: i + 1]))


@given(mixtures(), st.integers(0, 200))
def test_an_epoch_holds_the_first_corpus_and_of_the_others_their_share(mixture: Mixture, epoch: int) -> None:
    rows = mixture.rows(epoch)
    counts = Counter(corpus_of(mixture, row) for row in rows)
    assert sorted(row for row in rows if row < mixture.sizes[0]) == list(range(mixture.sizes[0]))
    for number, share in enumerate(mixture.shares, start=1):
        wanted = share * mixture.sizes[0] / (1.0 - sum(mixture.shares))
        assert abs(counts[number] - wanted) <= 0.5 + 1e-6 or (counts[number] == 1 and wanted < 1)
    assert len(rows) == sum(mixture.counts)


@given(mixtures(), st.integers(0, 50))
def test_no_example_comes_more_often_than_the_others_of_its_corpus(mixture: Mixture, last: int) -> None:
    """Within an epoch, and over all epochs from the first, each comes as often as the others, give or take one."""
    over_all: Counter[int] = Counter()
    for epoch in range(last + 1):
        rows = mixture.rows(epoch)
        over_all.update(rows)
        for number, size in enumerate(mixture.sizes):
            first = sum(mixture.sizes[:number])
            for counts in (Counter(rows), over_all):
                of_corpus = [counts[row] for row in range(first, first + size)]
                assert max(of_corpus) - min(of_corpus) <= 1
    means = [over_all[row] / (last + 1) for row in range(sum(mixture.sizes))]
    assert all(abs(mean - weight) <= 1.0 for mean, weight in zip(means, mixture.weights, strict=True))


@given(mixtures(), st.integers(0, 30), st.integers(1, 9), st.data())
def test_batches_of_several_corpora_can_be_taken_up_anywhere(
    mixture: Mixture, epoch: int, size: int, data: st.DataObject
) -> None:
    """They follow from the seed and the epoch alone."""
    lengths = [(7 * i) % 13 for i in range(sum(mixture.sizes))]
    sampler, again = (Batches(lengths, size, mixture.seed, mixture=mixture) for _ in range(2))
    sampler.epoch = again.epoch = epoch
    whole = list(sampler)
    assert len(whole) == len(sampler) and {len(batch) for batch in whole} == {min(size, sum(mixture.counts))}
    assert not Counter(row for batch in whole for row in batch) - Counter(mixture.rows(epoch))
    again.first = data.draw(st.integers(0, len(whole) - 1))
    assert list(again) == whole[again.first :]


def test_another_epoch_or_seed_draws_others() -> None:
    mixture = Mixture((10, 100), (0.5,), 1)
    drawn = [frozenset(row for row in mixture.rows(epoch) if row >= 10) for epoch in range(10)]
    assert frozenset.union(*drawn) == frozenset(range(10, 110)) and len(set(drawn)) == 10
    assert mixture.rows(0) == Mixture((10, 100), (0.5,), 1).rows(0) != Mixture((10, 100), (0.5,), 2).rows(0)


def test_a_corpus_without_examples_has_no_part() -> None:
    assert Mixture((10, 0, 30), (0.5, 0.25), 1).counts == (10, 0, 3)


def test_a_stage_of_one_corpus_sees_what_it_saw_before() -> None:
    """The order of one corpus is that of earlier versions: what they trained is found again."""
    sampler = Batches([i % 4 for i in range(12)], 4, seed=7)
    sampler.epoch = 2
    assert list(sampler) == [[4, 0, 8, 9], [2, 7, 11, 3], [1, 5, 10, 6]]


def test_only_what_a_teacher_labelled_is_learned_from_it() -> None:
    """The loss of a batch is the mean of each utterance's own: with a teacher's part, or from its labels alone."""
    torch.manual_seed(0)
    network = EmotionNetwork(NetworkConfig.of(FaceConfig(width=32))).eval()
    corpus = CorpusRecipe(folder="x", epochs=1, batch=4, teacher_share=0.75)
    section = FaceRecipe(corpus="x", width=32, learning_rate=1.0, head_learning_rate=1.0)
    examples = [Example(Sample(face=torch.randn(1, 1, 48, 48)), i, i % 3 if i else IGNORED, "g") for i in range(4)]
    batch = to_batch(examples, network.specs, corpus)
    objective = StageLoss(network, {"face": section}, corpus, effective_priors(examples, 0.0))
    logits = torch.randn(4, 10)
    soft = torch.cat([torch.randn(4, 7).log_softmax(1), torch.randn(4, 3).log_softmax(1)], dim=1)

    def loss(teacher: torch.Tensor | None, rows: list[int]) -> float:
        taught, chosen = replace(batch, teacher=teacher), torch.tensor(rows)
        labels = batch.emotions[chosen], batch.sentiments[chosen]
        return float(objective._loss(logits[chosen], *labels, taught, chosen, None))

    some = soft.clone()
    some[[0, 3]] = torch.nan
    alone, taught = loss(None, [0, 3]), loss(soft, [1, 2])
    assert loss(some, [0, 1, 2, 3]) == pytest.approx((alone + taught) / 2)
    assert loss(torch.full((4, 10), torch.nan), [0, 1, 2, 3]) == pytest.approx(loss(None, [0, 1, 2, 3]))
    assert taught != pytest.approx(loss(None, [1, 2]))
