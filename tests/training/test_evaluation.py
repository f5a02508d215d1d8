"""Evaluation: encoding, subsets of modalities, training items, priors, and the command."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.contract import EMOTIONS
from model.network import N_EMOTIONS, N_LOGITS, EmotionNetwork
from tests.training.commands import run_evaluate
from tests.training.small_bundle import CONVERSATION, PHOTOGRAPHS, Lazy, save_small_bundle, small_network, utterance
from training.calibration.fitting import cross_fit_constants, fit_fused, fused_report
from training.data.content_hash import hash_bytes
from training.data.training_items import (
    data_hash,
    in_training,
    load_training_items,
    read_hashes,
    save_training_items,
    write_hashes,
)
from training.evaluation import scoring
from training.evaluation.protocol import Evaluation, Subject, evaluate
from training.evaluation.provenance import TrainingPriors, training_priors_of, uncalibrated
from training.evaluation.scoring import CrossFit, encode, predict, set_constants


@pytest.fixture(scope="module")
def network() -> EmotionNetwork:
    return small_network()


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_small_bundle(tmp_path_factory.mktemp("bundle") / "small")


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Noise in FER2013's format."""
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("faces") / "some.npz"
    images = rng.integers(0, 255, (42, 48, 48), dtype=np.uint8)
    np.savez(path, images=images, labels=np.arange(42) % 7, classes=np.array(EMOTIONS))
    return path


def test_a_lazy_corpus_is_read_once_in_chunks(network: EmotionNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = encode(network, [utterance(i) for i in range(11)])
    monkeypatch.setattr(scoring, "CHUNK", 4)
    lazy = Lazy(11)
    encoded = encode(network, lazy)
    assert lazy.accessed == list(range(11))
    torch.testing.assert_close(encoded.logits, expected.logits, atol=1e-4, rtol=1e-4)
    assert encoded.contents == expected.contents and (encoded.emotions == expected.emotions).all()
    with pytest.raises(ValueError, match="no examples"):
        encode(network, [])


@pytest.mark.parametrize("subset", [("text",), ("face",), ("text", "face")])
def test_dropping_modalities_after_encoding_equals_dropping_them_before(
    network: EmotionNetwork, subset: tuple[str, ...]
) -> None:
    examples = [utterance(i) for i in range(9)]
    predictions = predict(network, encode(network, examples).only(subset))  # type: ignore[arg-type]
    with torch.inference_mode():
        direct = network([e.sample.only(*subset) for e in examples])  # type: ignore[arg-type]
    np.testing.assert_allclose(predictions.emotions, direct.emotions.exp().numpy(), atol=1e-5)
    np.testing.assert_allclose(predictions.sentiments, direct.sentiments.exp().numpy(), atol=1e-5)


def test_one_modality_through_the_fusion_is_that_modality_alone(bundle: Path) -> None:
    """Also where the fusion was trained: gates and joint head are anything but zero."""
    subject = Subject.load(bundle)
    for layer in (subject.bundle.network.joint, *subject.bundle.network.gates.values()):
        for parameter in layer.parameters():
            torch.nn.init.normal_(parameter)
    encoded = encode(subject.bundle.network, [utterance(i) for i in range(40)])
    for evaluation in evaluate(subject, "meld", "held-out", encoded):
        singles = [s for s in evaluation.subsets if len(s.modalities) == 1]
        assert [s.modalities for s in singles] == [("text",), ("face",)]
        for single in singles:
            assert single.emotion is not None and single.alone is not None
            assert single.emotion.accuracy == pytest.approx(single.alone.accuracy, abs=0.01)
            assert single.emotion.weighted_f1 == pytest.approx(single.alone.weighted_f1, abs=0.01)


def test_fusion_counts_only_items_with_several_modalities(bundle: Path) -> None:
    subject = Subject.load(bundle)
    examples = [utterance(i, text=i % 3 != 0, face=i % 3 != 1) for i in range(60)]
    first = evaluate(subject, "meld", "held-out", encode(subject.bundle.network, examples))[0]
    assert first.items == 60 and first.several == 20 and first.modalities == {"text": 40, "face": 40}
    assert {s.modalities: s.items for s in first.subsets} == {("text",): 20, ("face",): 20, ("text", "face"): 20}
    assert first.emotion is not None and first.emotion.items == 60
    assert first.sentiment is not None and first.sentiment.items == 54, "IGNORED labels are excluded"


def test_cross_fitted_constants_keep_reliabilities(bundle: Path) -> None:
    """`training.evaluate` has no transfers, so reliabilities are the bundle's own."""
    subject = Subject.load(bundle)
    network, own = subject.bundle.network, subject.bundle.network.config.calibration
    fit = cross_fit_constants(
        network, encode(network, [utterance(i) for i in range(40)]), subject.training_priors, dict.fromkeys(own)
    )
    assert own["face"].reliability == PHOTOGRAPHS.reliability != 1.0
    assert all(c.calibration[m].reliability == own[m].reliability for c in fit.configs for m in own)
    assert any(c.calibration["face"].temperature_emotion != 1.0 for c in fit.configs)


def test_logits_under_autocast_are_stored_in_single_precision(
    network: EmotionNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a GPU, autocast returns bfloat16."""
    examples = [utterance(i) for i in range(4)]
    expected = encode(network, examples)
    for head in network.heads.values():
        plain = head.forward
        monkeypatch.setattr(head, "forward", lambda part, plain=plain: plain(part).bfloat16())
    halved = encode(network, examples)
    assert halved.logits.dtype == torch.float32
    torch.testing.assert_close(halved.logits, expected.logits, atol=0.05, rtol=0.02)


def test_training_text_is_recognized_in_a_recording(bundle: Path) -> None:
    """A clip's text may have been trained on as part of another clip or as text alone."""
    folder = bundle.parent / "trained"
    save_small_bundle(folder)
    save_training_items(folder, [hash_bytes(b"Yeah.")])
    examples = [replace(utterance(i), words=hash_bytes(b"Yeah." if i < 3 else f"{i}".encode())) for i in range(20)]
    subject = Subject.load(folder)
    found = evaluate(subject, "meld", "held-out", encode(subject.bundle.network, examples))
    assert {(e.scope, e.items, e.seen) for e in found} == {("all", 20, 3), ("unseen", 17, 3)}


def test_fusion_is_not_measured_without_several_modalities(bundle: Path) -> None:
    subject = Subject.load(bundle)
    encoded = encode(subject.bundle.network, [utterance(i, text=False) for i in range(20)])
    first = evaluate(subject, "fer2013", "all", encoded)[0]
    assert first.several == 0 and [s.modalities for s in first.subsets] == [("face",)]


def test_the_fusion_temperature_is_recovered(network: EmotionNetwork) -> None:
    """Both modalities observe the same point, drawn from a Gaussian around its class, with scaled log-likelihoods."""
    rng, n, distance = np.random.default_rng(0), 4000, 1.5
    config = network.config
    logits, targets = torch.zeros(n, 2, N_LOGITS), []
    for columns, prior, scale in (
        (slice(0, N_EMOTIONS), config.prior_emotion, 2.5),
        (slice(N_EMOTIONS, None), config.prior_sentiment, 1.6),
    ):
        drawn = rng.choice(len(prior), n, p=prior)
        place = rng.normal(size=(n, len(prior))) + distance * np.eye(len(prior))[drawn]
        evidence = torch.from_numpy(distance * place - distance**2 / 2)  # log-likelihoods, but for a constant
        logits[:, :, columns] = (scale * evidence).unsqueeze(1).float()
        targets.append(drawn)
    encoded = replace(
        encode(network, [utterance(0)]).rows(np.zeros(n, np.int64)),
        logits=logits * network.temperature + network.log_train_prior,
        emotions=targets[0],
        sentiments=targets[1],
        groups=tuple(f"dialogue {i // 8}" for i in range(n)),
    )
    fitted = fit_fused(network, config, encoded)
    assert fitted.fused_temperature_emotion == pytest.approx(2.5, rel=0.1)
    assert fitted.fused_temperature_sentiment == pytest.approx(1.6, rel=0.1)
    report = fused_report(network, fitted, encoded)
    assert report is not None and report.items == n
    assert report.emotion_before is not None and report.emotion_after is not None
    assert report.emotion_after.ece < 0.02 < 0.1 < report.emotion_before.ece
    only_faces = encoded.only(["face"])
    assert fit_fused(network, config, only_faces) == config and fused_report(network, config, only_faces) is None


def test_each_group_is_predicted_with_the_constants_of_its_fold(network: EmotionNetwork) -> None:
    encoded = encode(network, [utterance(i) for i in range(16)])
    own = network.config
    sharp = own.model_copy(update={"calibration": {"text": PHOTOGRAPHS, "face": CONVERSATION}})
    folds = {group: i % 2 for i, group in enumerate(dict.fromkeys(encoded.groups))}
    predictions = predict(network, encoded, CrossFit(folds, [own, sharp]))
    assert network.config is own
    for fold, config in enumerate((own, sharp)):
        rows = [i for i, group in enumerate(encoded.groups) if folds[group] == fold]
        other = small_network()
        set_constants(other, config)
        np.testing.assert_allclose(predictions.emotions[rows], predict(other, encoded).emotions[rows], atol=1e-6)
        np.testing.assert_allclose(
            predictions.per_modality["face"][rows], predict(other, encoded).per_modality["face"][rows], atol=1e-6
        )


def test_the_three_priors(bundle: Path) -> None:
    """Text has the class frequencies that the bundle declares, face has others."""
    subject = Subject.load(bundle)
    network = subject.bundle.network
    text = evaluate(subject, "meld-text", "all", encode(network, [utterance(i, face=False) for i in range(20)]))
    assert [e.prior for e in text] == ["declared", "uniform", "corpus"] and all(e.same_prior for e in text)
    assert text[0].emotion == text[2].emotion != text[1].emotion
    requested = evaluate(
        subject, "meld-text", "all", encode(network, [utterance(i, face=False) for i in range(20)]), prior="uniform"
    )
    assert [e.prior for e in requested] == ["uniform", "declared", "corpus"] and requested[0].emotion == text[1].emotion
    assert requested[0].prior_emotion == [1 / 7] * 7 and text[0].prior_emotion == list(network.config.prior_emotion)
    face = evaluate(subject, "fer2013", "all", encode(network, [utterance(i, text=False) for i in range(20)]))
    assert not any(e.same_prior for e in face) and face[0].emotion != face[2].emotion


def test_uncalibrated_constants_have_no_temperature(network: EmotionNetwork) -> None:
    training_priors = {m: TrainingPriors.from_effective(c, 0.0) for m, c in network.config.calibration.items()}
    before = uncalibrated(network.config, training_priors).calibration
    assert before["text"].temperature_emotion == CONVERSATION.temperature_emotion, "as stored by training"
    assert before["face"].reliability == PHOTOGRAPHS.reliability


@given(st.lists(st.floats(0.02, 1.0), min_size=10, max_size=10), st.sampled_from([0.0, 0.3, 0.5, 0.9]))
def test_frequencies_are_recovered_from_effective_priors(weights: list[float], balance: float) -> None:
    emotion, sentiment = np.array(weights[:7]) / sum(weights[:7]), np.array(weights[7:]) / sum(weights[7:])
    effective = [p ** (1.0 - balance) / (p ** (1.0 - balance)).sum() for p in (emotion, sentiment)]
    stored = CONVERSATION.model_copy(
        update={"prior_emotion": tuple(effective[0]), "prior_sentiment": tuple(effective[1])}
    )
    training_priors = TrainingPriors.from_effective(stored, balance)
    np.testing.assert_allclose(training_priors.frequencies.prior_emotion, emotion, rtol=1e-6)
    np.testing.assert_allclose(training_priors.frequencies.prior_sentiment, sentiment, rtol=1e-6)


def test_a_bundle_has_its_training_priors(bundle: Path) -> None:
    training_priors = training_priors_of(Subject.load(bundle).bundle.manifest)
    assert training_priors["face"].frequencies.prior_emotion == PHOTOGRAPHS.prior_emotion


@given(st.lists(st.integers(0, 2**64 - 1), max_size=30), st.lists(st.integers(0, 2**64 - 1), max_size=30))
def test_training_items_are_recognized(
    tmp_path_factory: pytest.TempPathFactory, ours: list[int], others: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("seen")
    save_training_items(folder, [f"{n:016x}" for n in ours])
    seen = load_training_items(folder)
    assert seen is not None and (np.diff(seen.astype(object)) > 0).all()
    contents = [f"{n:016x}" for n in (*ours, *others)]
    assert in_training(contents, seen).tolist() == [n in ours for n in (*ours, *others)]
    assert not in_training(["", ""], seen).any(), "items without a hash are not training items"


def test_item_hashes_are_stored(tmp_path: Path) -> None:
    examples = [utterance(i) for i in (3, 1, 2, 1)]
    write_hashes(tmp_path / "text.items.npy", [e.content for e in examples])
    contents = read_hashes(tmp_path / "text.items.npy")
    assert contents == sorted({e.content for e in examples})
    assert data_hash(contents) == data_hash([e.content for e in examples]) != data_hash(contents[1:])
    assert load_training_items(tmp_path) is None
    np.save(tmp_path / "wrong.npy", np.arange(3.0))
    with pytest.raises(ValueError, match="does not contain hashes"):
        read_hashes(tmp_path / "wrong.npy")


@pytest.mark.parametrize(
    ("known", "scopes"), [(range(0), ["all"]), (range(6), ["all", "unseen"]), (range(20), ["all"])]
)
def test_training_items_are_excluded(tmp_path: Path, known: range, scopes: list[str]) -> None:
    folder = save_small_bundle(tmp_path / "small")
    save_training_items(folder, [utterance(i).content for i in known])
    subject = Subject.load(folder)
    examples = [utterance(i) for i in range(20)]
    evaluations = evaluate(subject, "meld", "all", encode(subject.bundle.network, examples))
    assert list(dict.fromkeys(e.scope for e in evaluations)) == scopes
    for e in evaluations:
        assert e.seen == len(known)
        assert e.items == (20 if e.scope == "all" else 20 - len(known))
    if scopes == ["all", "unseen"]:
        unseen = evaluate(subject, "meld", "all", encode(subject.bundle.network, examples[6:]))[0]
        assert evaluations[3].emotion == unseen.emotion and evaluations[3].data == unseen.data


def test_the_command_scores_a_file_and_reports(bundle: Path, faces: Path, tmp_path: Path) -> None:
    out, page = tmp_path / "a" / "figures.json", tmp_path / "b" / "report.html"
    code, output = run_evaluate(bundle, "--corpus", "fer2013", "--data", faces, "--json", out, "--html", page)
    assert code == 0, output
    assert "keeps no hashes" in output
    evaluations = [Evaluation.model_validate(e) for e in json.loads(out.read_text())]
    assert [e.prior for e in evaluations] == ["declared", "uniform", "corpus"]
    assert evaluations[0].neutral is not None and evaluations[0].neutral.true == pytest.approx(1 / 7)
    assert evaluations[0].emotion is not None and evaluations[0].emotion.items == 42
    assert page.read_text().startswith("<!doctype html>")


def test_invalid_arguments_are_usage_errors(bundle: Path, faces: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"no archive")
    np.savez(tmp_path / "bare.npz", images=np.zeros((1, 48, 48), np.uint8))
    for arguments, message in (
        (("--corpus", "fer2013", "--data", tmp_path / "no.npz"), "does not exist"),
        (("--corpus", "nonesuch", "--data", faces), "not one of"),
        (("--corpus", "fer2013", "--data", faces, "--split", "nonesuch"), "not one of"),
        (("--corpus", "fer2013", "--data", faces, "--prior", "nonesuch"), "not one of"),
        (("--corpus", "ravdess", "--data", tmp_path), "reads text, face"),
        (("--corpus", "fer2013", "--data", broken), "cannot be read"),
        (("--corpus", "fer2013", "--data", tmp_path / "bare.npz"), "lacks"),
    ):
        code, output = run_evaluate(bundle, *arguments)
        assert code == 2 and message in output, output
    code, output = run_evaluate(tmp_path / "nothing", "--corpus", "fer2013", "--data", faces)
    assert code == 2 and "no bundle" in output
