"""Metrics and calibration, compared with scikit-learn and with values computed by hand."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax
from sklearn.metrics import balanced_accuracy_score, f1_score

from training.calibration.scaling import Scaling, cross_fit, fit_scaling, folds_of, reliability
from training.evaluation.confidence import Probabilities, Targets, expected_calibration_error, reliability_of
from training.evaluation.metrics import headline, log_loss, measure
from training.evaluation.scoring import change_prior

LABELS = ("a", "b", "c")


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=60))
def test_figures_are_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    targets, predicted = np.array(pairs).T
    figures = headline(np.eye(3)[predicted], targets, [str(i) for i in range(len(pairs))])
    assert figures.accuracy == pytest.approx((targets == predicted).mean())
    assert figures.weighted_f1 == pytest.approx(f1_score(targets, predicted, average="weighted", zero_division=0.0))
    macro = f1_score(targets, predicted, labels=np.unique(targets), average="macro", zero_division=0.0)
    assert figures.macro_f1 == pytest.approx(macro)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about predicted classes that do not occur
        assert figures.balanced_accuracy == pytest.approx(balanced_accuracy_score(targets, predicted))
    for name in ("accuracy", "weighted_f1", "macro_f1", "balanced_accuracy", "ece"):
        low, high = getattr(figures, f"{name}_interval")
        assert 0.0 <= low <= high <= 1.0 + 1e-9


def test_weighted_f1_by_hand() -> None:
    targets, predicted = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    f1_of_a, f1_of_b = 2 * 1.0 * (2 / 3) / (1.0 + 2 / 3), 2 * 0.5 * 1.0 / 1.5
    figures = headline(np.eye(2)[predicted], targets, list("abcd"))
    assert figures.weighted_f1 == pytest.approx(0.75 * f1_of_a + 0.25 * f1_of_b)


def test_ece_by_hand() -> None:
    """Four predictions of 0.9 of which one is correct have a gap of 0.65."""
    probabilities = np.tile([0.9, 0.05, 0.05], (4, 1))
    assert expected_calibration_error(probabilities, np.array([0, 1, 1, 2])) == pytest.approx(0.65)
    assert expected_calibration_error(np.eye(3), np.arange(3)) == pytest.approx(0.0)
    found = reliability_of(probabilities, np.array([0, 1, 1, 2]))
    assert found.ece_equal_mass == pytest.approx(0.65)
    (only,) = found.bins
    assert (only.items, only.accuracy) == (4, 0.25) and only.confidence == pytest.approx(0.9)
    assert only.low < 0.9 < only.high


def test_figures_of_perfect_and_constant_predictions() -> None:
    targets = np.array([0, 0, 1, 2] * 10)
    groups = [str(i // 4) for i in range(40)]
    perfect = measure(np.eye(3)[targets], targets, LABELS, groups)
    assert perfect.accuracy == perfect.weighted_f1 == perfect.balanced_accuracy == 1.0
    assert perfect.weighted_f1_interval == perfect.accuracy_interval == (1.0, 1.0)
    assert perfect.uncalibrated is None
    constant = measure(np.tile([0.5, 0.25, 0.25], (40, 1)), targets, LABELS, groups)
    assert constant.accuracy == constant.majority_accuracy == 0.5
    assert constant.weighted_f1 == constant.majority_weighted_f1 == pytest.approx(0.5 * 2 / 3)
    assert constant.balanced_accuracy == pytest.approx(1 / 3)
    assert constant.confusion == [[20, 0, 0], [10, 0, 0], [10, 0, 0]]
    assert [c.recall for c in constant.classes] == [1.0, 0.0, 0.0]


def test_intervals_widen_where_items_come_in_groups() -> None:
    """Twenty clips of one actor carry less information than one clip of each of twenty actors."""
    rng = np.random.default_rng(0)
    right = np.repeat(rng.random(40) < 0.6, 20)
    targets = np.zeros(800, dtype=np.int64)
    probabilities = np.eye(2)[np.where(right, 0, 1)]

    def width(groups: list[str]) -> float:
        low, high = headline(probabilities, targets, groups).accuracy_interval
        return high - low

    apart, together = width([str(i) for i in range(800)]), width([str(i // 20) for i in range(800)])
    assert apart == pytest.approx(2 * 1.96 * np.sqrt(0.6 * 0.4 / 800), rel=0.2)
    assert together == pytest.approx(np.sqrt(20) * apart, rel=0.25)


def sample(temperature: float, prior: list[float], n: int = 6000) -> tuple[Probabilities, Targets]:
    """Create logits that are overconfident by `temperature`, and targets drawn from the true posterior."""
    rng = np.random.default_rng(0)
    targets = rng.choice(3, size=n, p=prior)
    x = rng.normal(0.0, 1.0, (n, 3)) + 1.5 * np.eye(3)[targets]
    evidence = 1.5 * x - 1.5**2 / 2  # log-likelihood ratios of the three classes
    return np.log(prior) + temperature * evidence, targets


PRIOR = [0.6, 0.3, 0.1]
UNSCALED = Scaling(1.0, tuple(PRIOR))


def test_ece_of_calibrated_predictions_is_that_by_chance() -> None:
    for n in (200, 6000):
        logits, targets = sample(1.0, PRIOR, n)
        found = reliability_of(UNSCALED.posterior(logits, PRIOR), targets)
        assert found.ece == pytest.approx(found.ece_by_chance, abs=0.03)
        assert found.ece < (0.12 if n == 200 else 0.02) and found.ece_equal_mass < (0.12 if n == 200 else 0.025)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_is_recovered(temperature: float) -> None:
    logits, targets = sample(temperature, PRIOR)
    scaling = fit_scaling(logits, targets, PRIOR)
    assert scaling.temperature == pytest.approx(temperature, rel=0.08)
    assert scaling.prior == pytest.approx(PRIOR, abs=0.05 * max(1.0, temperature))
    calibrated = cross_fit(logits, targets, PRIOR, PRIOR, [str(i % 50) for i in range(len(targets))])
    assert expected_calibration_error(calibrated, targets) < 0.03


def test_offsets_correct_an_overestimated_class() -> None:
    logits, targets = sample(1.0, PRIOR)
    skewed = logits + np.array([0.0, 0.0, 1.5])
    scaling = fit_scaling(skewed, targets, PRIOR)
    before, after = UNSCALED.posterior(skewed, PRIOR), scaling.posterior(skewed, PRIOR)
    assert log_loss(after, targets) < log_loss(before, targets) - 0.05
    assert expected_calibration_error(after, targets) < 0.02


def test_offsets_do_not_learn_the_frequencies_of_the_split() -> None:
    """Class frequencies of a split are not a property of the network."""
    logits, targets = sample(1.0, PRIOR, 30_000)
    rows = np.flatnonzero((targets != 0) | (np.arange(len(targets)) % 3 == 0))
    scaling = fit_scaling(logits[rows], targets[rows], PRIOR)
    assert scaling.prior == pytest.approx(PRIOR, abs=0.03)


def test_little_data_moves_offsets_little() -> None:
    logits, targets = sample(1.0, PRIOR, 30)
    assert fit_scaling(logits, targets, PRIOR).prior == pytest.approx(PRIOR, abs=0.2)
    assert fit_scaling(logits[:0], targets[:0], PRIOR) == UNSCALED


@given(st.lists(st.floats(0.05, 1.0), min_size=9, max_size=9), st.floats(0.3, 5.0))
def test_scaling_is_the_network_formula(numbers: list[float], temperature: float) -> None:
    logits, effective, prior = (np.array(numbers[i : i + 3]) for i in (0, 3, 6))
    effective, prior = effective / effective.sum(), prior / prior.sum()
    fused = np.log(prior) + (logits - np.log(effective)) / temperature
    expected = np.exp(log_softmax(fused))
    np.testing.assert_allclose(
        Scaling(temperature, tuple(effective)).posterior(logits[None], list(prior))[0], expected, atol=1e-9
    )


def test_reliability_is_the_log_loss_reduction_over_the_prior() -> None:
    logits, targets = sample(1.0, PRIOR)
    by_prior = np.tile(PRIOR, (len(targets), 1))
    calibrated = UNSCALED.posterior(logits, PRIOR)
    reduction = reliability(calibrated, targets, PRIOR)
    assert reduction == pytest.approx(log_loss(by_prior, targets) - log_loss(calibrated, targets))
    assert reduction > 0.1
    assert 0 < reliability(by_prior, targets, PRIOR) < 0.02


@given(st.lists(st.sampled_from("abcdefghij"), min_size=2, max_size=80))
def test_folds_never_divide_a_group(groups: list[str]) -> None:
    folds = folds_of(groups)
    for name in set(groups):
        assert len({int(f) for f, g in zip(folds, groups, strict=True) if g == name}) == 1


@given(st.lists(st.floats(0.05, 1.0), min_size=9, max_size=9))
def test_changing_the_prior_and_back_changes_nothing(weights: list[float]) -> None:
    p, old, new = (np.array(weights[i : i + 3]) / sum(weights[i : i + 3]) for i in (0, 3, 6))
    there = change_prior(p[None], tuple(old), tuple(new))
    np.testing.assert_allclose(change_prior(there, tuple(new), tuple(old))[0], p, atol=1e-9)
    np.testing.assert_allclose(change_prior(old[None], tuple(old), tuple(new))[0], new, atol=1e-9)
