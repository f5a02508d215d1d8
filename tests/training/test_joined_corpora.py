"""Several corpora that are learned together: their balance, what is refused, and what a bundle says of them."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from training.data.batches import Batches, Mixture

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
