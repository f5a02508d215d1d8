"""Metrics and calibration against values that can be worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_softmax

from training.calibrate import cross_fit, fit_temperature, folds_of, posterior, reliability
from training.evaluate import under_prior
from training.metrics import expected_calibration_error, log_loss, measure, weighted_f1

LABELS = ("a", "b", "c")


def test_weighted_f1_by_hand() -> None:
    targets, predicted = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    f1_of_a, f1_of_b = 2 * 1.0 * (2 / 3) / (1.0 + 2 / 3), 2 * 0.5 * 1.0 / 1.5
    assert weighted_f1(predicted, targets) == pytest.approx(0.75 * f1_of_a + 0.25 * f1_of_b)


def test_ece_by_hand() -> None:
    """Four answers of 0.9 of which one is right: the gap is 0.65."""
    probabilities = np.tile([0.9, 0.05, 0.05], (4, 1))
    assert expected_calibration_error(probabilities, np.array([0, 1, 1, 2])) == pytest.approx(0.65)
    assert expected_calibration_error(np.eye(3), np.arange(3)) == pytest.approx(0.0)


def test_figures_of_perfect_and_of_constant_answers() -> None:
    targets = np.array([0, 0, 1, 2] * 10)
    groups = [str(i // 4) for i in range(40)]
    perfect = measure(np.eye(3)[targets], targets, LABELS, groups)
    assert perfect.accuracy == perfect.weighted_f1 == perfect.balanced_accuracy == 1.0
    assert perfect.weighted_f1_interval == (1.0, 1.0)
    constant = measure(np.tile([0.5, 0.25, 0.25], (40, 1)), targets, LABELS, groups)
    assert constant.accuracy == constant.majority_accuracy == 0.5
    assert constant.balanced_accuracy == pytest.approx(1 / 3)
    assert constant.confusion == [[20, 0, 0], [10, 0, 0], [10, 0, 0]]
    assert [c.recall for c in constant.classes] == [1.0, 0.0, 0.0]


def sample(temperature: float, prior: list[float], n: int = 6000) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are over-confident by `temperature`, and targets drawn from their true posterior."""
    rng = np.random.default_rng(0)
    evidence = rng.normal(0.0, 1.5, (n, 3))
    true = np.exp(log_softmax(np.log(prior) + evidence, axis=1))
    targets = np.array([rng.choice(3, p=p) for p in true])
    return np.log(prior) + temperature * evidence, targets


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_is_recovered(temperature: float) -> None:
    prior = [0.6, 0.3, 0.1]
    logits, targets = sample(temperature, prior)
    assert fit_temperature(logits, targets, prior) == pytest.approx(temperature, rel=0.08)
    calibrated = cross_fit(logits, targets, prior, [str(i % 50) for i in range(len(targets))])
    assert expected_calibration_error(calibrated, targets) < 0.03


def test_reliability_is_what_is_told_beyond_the_prior() -> None:
    prior = [0.6, 0.3, 0.1]
    logits, targets = sample(1.0, prior)
    by_prior = np.tile(prior, (len(targets), 1))
    told = reliability(posterior(logits, prior, 1.0), targets, prior)
    assert told == pytest.approx(log_loss(by_prior, targets) - log_loss(posterior(logits, prior, 1.0), targets))
    assert told > 0.1
    assert 0 < reliability(by_prior, targets, prior) < 0.02


@given(st.lists(st.sampled_from("abcdefghij"), min_size=2, max_size=80))
def test_folds_never_part_a_group(groups: list[str]) -> None:
    folds = folds_of(groups)
    for name in set(groups):
        assert len({int(f) for f, g in zip(folds, groups, strict=True) if g == name}) == 1


@given(st.lists(st.floats(0.05, 1.0), min_size=9, max_size=9))
def test_changing_the_prior_and_back_changes_nothing(weights: list[float]) -> None:
    p, old, new = (np.array(weights[i : i + 3]) / sum(weights[i : i + 3]) for i in (0, 3, 6))
    there = under_prior(p[None], tuple(old), tuple(new))
    np.testing.assert_allclose(under_prior(there, tuple(new), tuple(old))[0], p, atol=1e-9)
    np.testing.assert_allclose(under_prior(old[None], tuple(old), tuple(new))[0], new, atol=1e-9)
