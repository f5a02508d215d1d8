"""Stages of several corpora: mixtures, validation of recipes, and what a bundle records."""

import csv
import json
import shutil
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from model.bundle import find_bundle, read_manifest
from model.contract import EMOTIONS, SENTIMENT_OF_EMOTION, SENTIMENTS
from model.features import Sample
from model.modalities.face import FaceConfig
from model.modalities.text import TextTokenizer
from model.network import Calibration, EmotionNetwork, NetworkConfig
from model.weights import catalog
from tests.training.commands import run_evaluate, run_train
from tests.training.meld_fixture import write_lines
from tests.training.small_bundle import CONVERSATION
from training import teachers
from training.bundling import write_bundle
from training.card import Report, _tables
from training.corpora import IGNORED, Example, read_goemotions, read_meld_text
from training.corpora.base import vote_targets
from training.data.batches import Batches, Mixture
from training.data.clip_concat import ClipConcat
from training.data.collate import BatchCollator, to_batch
from training.data.stage_data import StageContext, StageData
from training.data.training_items import read_hashes
from training.engine.loss import StageLoss, effective_priors
from training.engine.self_distillation import SelfDistillation
from training.engine.stage_trainer import StageTrainer
from training.engine.trainer import Trainer
from training.evaluation.provenance import (
    TrainingPriors,
    section_of,
    training_corpora,
    training_corpus_name,
    training_priors_of,
)
from training.fusion.fit_pipeline import declared_prior
from training.fusion.judgments import Judgments, ValenceThresholds
from training.licence import licence_line
from training.modalities.face import FaceRecipe
from training.recipe import CorpusRecipe, Recipe, RecipeError
from training.teachers import Line

SIZES = st.lists(st.integers(1, 60), min_size=1, max_size=4)


@st.composite
def mixtures(draw: st.DrawFn) -> Mixture:
    sizes = draw(SIZES)
    parts = draw(st.lists(st.integers(1, 10), min_size=len(sizes), max_size=len(sizes)))
    return Mixture(tuple(sizes), tuple(part / sum(parts) for part in parts[1:]), draw(st.integers(0, 1000)))


def corpus_of(mixture: Mixture, row: int) -> int:
    return next(i for i in range(len(mixture.sizes)) if row < sum(mixture.sizes[: i + 1]))


@given(mixtures(), st.integers(0, 200))
def test_an_epoch_has_the_first_corpus_and_shares_of_the_others(mixture: Mixture, epoch: int) -> None:
    rows = mixture.rows(epoch)
    counts = Counter(corpus_of(mixture, row) for row in rows)
    assert sorted(row for row in rows if row < mixture.sizes[0]) == list(range(mixture.sizes[0]))
    for number, share in enumerate(mixture.shares, start=1):
        wanted = share * mixture.sizes[0] / (1.0 - sum(mixture.shares))
        assert abs(counts[number] - wanted) <= 0.5 + 1e-6 or (counts[number] == 1 and wanted < 1)
    assert len(rows) == sum(mixture.counts)


@given(mixtures(), st.integers(0, 50))
def test_examples_of_a_corpus_occur_equally_often(mixture: Mixture, last: int) -> None:
    """Within an epoch and over all epochs, up to one."""
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
def test_batches_of_several_corpora_can_be_resumed(
    mixture: Mixture, epoch: int, size: int, data: st.DataObject
) -> None:
    """They depend only on the seed and the epoch."""
    lengths = [(7 * i) % 13 for i in range(sum(mixture.sizes))]
    sampler, again = (Batches(lengths, size, mixture.seed, mixture=mixture) for _ in range(2))
    sampler.epoch = again.epoch = epoch
    whole = list(sampler)
    assert len(whole) == len(sampler) and {len(batch) for batch in whole} == {min(size, sum(mixture.counts))}
    assert not Counter(row for batch in whole for row in batch) - Counter(mixture.rows(epoch))
    again.first = data.draw(st.integers(0, len(whole) - 1))
    assert list(again) == whole[again.first :]


def test_epochs_and_seeds_select_different_examples() -> None:
    mixture = Mixture((10, 100), (0.5,), 1)
    drawn = [frozenset(row for row in mixture.rows(epoch) if row >= 10) for epoch in range(10)]
    assert frozenset.union(*drawn) == frozenset(range(10, 110)) and len(set(drawn)) == 10
    assert mixture.rows(0) == Mixture((10, 100), (0.5,), 1).rows(0) != Mixture((10, 100), (0.5,), 2).rows(0)


def test_a_corpus_without_examples_is_ignored() -> None:
    assert Mixture((10, 0, 30), (0.5, 0.25), 1).counts == (10, 0, 3)


def test_the_order_of_a_single_corpus_is_unchanged() -> None:
    """Trained stages of earlier versions remain valid."""
    sampler = Batches([i % 4 for i in range(12)], 4, seed=7)
    sampler.epoch = 2
    assert list(sampler) == [[4, 0, 8, 9], [2, 7, 11, 3], [1, 5, 10, 6]]


def test_soft_labels_count_only_for_labeled_examples() -> None:
    """A batch's loss is the mean over utterances, with a teacher's part or from labels only."""
    torch.manual_seed(0)
    network = EmotionNetwork(NetworkConfig.of(FaceConfig(width=32))).eval()
    corpus = CorpusRecipe(folder="x", epochs=1, batch=4, teacher_share=0.75)
    section = FaceRecipe(corpus="x", width=32, learning_rate=1.0, head_learning_rate=1.0)
    examples = [Example(Sample(face=torch.randn(1, 1, 48, 48)), i, i % 3 if i else IGNORED, "g") for i in range(4)]
    batch = to_batch(examples, network.specs, corpus)
    loss_module = StageLoss(network, {"face": section}, corpus, effective_priors(examples, 0.0))
    logits = torch.randn(4, 10)
    soft = torch.cat([torch.randn(4, 7).log_softmax(1), torch.randn(4, 3).log_softmax(1)], dim=1)

    def loss(teacher: torch.Tensor | None, rows: list[int]) -> float:
        taught_batch, chosen = replace(batch, teacher=teacher), torch.tensor(rows)
        return float(loss_module._loss(logits[chosen], taught_batch, chosen, None))

    some = soft.clone()
    some[[0, 3]] = torch.nan
    labels_only, with_teacher = loss(None, [0, 3]), loss(soft, [1, 2])
    assert loss(some, [0, 1, 2, 3]) == pytest.approx((labels_only + with_teacher) / 2)
    assert loss(torch.full((4, 10), torch.nan), [0, 1, 2, 3]) == pytest.approx(loss(None, [0, 1, 2, 3]))
    assert with_teacher != pytest.approx(loss(None, [1, 2]))


def test_votes_are_trained_on_as_shares() -> None:
    """Each vote counts as a label; utterances without votes use their label."""
    torch.manual_seed(0)
    network = EmotionNetwork(NetworkConfig.of(FaceConfig(width=32))).eval()
    corpus = CorpusRecipe(folder="x", epochs=1, batch=4, votes=True)
    section = FaceRecipe(corpus="x", width=32, learning_rate=1.0, head_learning_rate=1.0)
    ten = {"anger": 5, "surprise": 3, "joy": 2}
    shares = tuple(ten.get(emotion, 0) / 10 for emotion in EMOTIONS)
    image = Sample(face=torch.randn(1, 1, 48, 48))

    def labeled(emotion: str) -> Example:
        sentiment = SENTIMENT_OF_EMOTION.get(emotion)  # type: ignore[call-overload]
        implied = IGNORED if sentiment is None else SENTIMENTS.index(sentiment)
        return Example(image, EMOTIONS.index(emotion), implied, "g")

    people = [labeled(emotion) for emotion, count in ten.items() for _ in range(count)]
    voted = replace(labeled("anger"), votes=shares)
    votes = torch.tensor([vote_targets(shares), (torch.nan,) * 10])
    logits = torch.randn(1, 10)

    def loss(examples: Sequence[Example], votes: torch.Tensor | None) -> float:
        loss_module = StageLoss(network, {"face": section}, corpus, effective_priors(examples, 0.0))
        batch = replace(to_batch(examples, network.specs, corpus), votes=votes)
        rows = torch.arange(len(examples))
        return float(loss_module._loss(logits.expand(len(rows), 10), batch, rows, None))

    def of_each(column: slice, targets: list[int]) -> float:
        known = [-float(logits[0, column].log_softmax(0)[t]) for t in targets if t != IGNORED]
        return sum(known) / 10  # a vote for surprise has no sentiment

    expected = of_each(slice(0, 7), [p.emotion for p in people]) + of_each(slice(7, 10), [p.sentiment for p in people])
    assert loss([voted], votes[:1]) == pytest.approx(expected, rel=1e-5)
    other = labeled("fear")
    assert loss([voted, other], votes) == pytest.approx((expected + loss([other], None)) / 2, rel=1e-5)
    priors, of_people = (
        effective_priors([voted] * 10, 0.0, None, votes[:1].expand(10, 10)),
        effective_priors(people, 0.0),
    )
    for each, wanted in zip(priors.prior_emotion, of_people.prior_emotion, strict=True):
        assert each == pytest.approx(wanted)
    assert priors.prior_sentiment == pytest.approx(of_people.prior_sentiment)
    assert effective_priors([other], 0.0, None, votes[1:]) == effective_priors([other], 0.0)


RECIPE = """
name = "words"
version = "1.0.0"
licence = "for tests"
seed = 1
precision = "no"
[corpora.meld-text]
folder = "meld"
epochs = 12
batch = 8
context_dropout = 0.5
plain_share = 1.0
[corpora.meld-text.joined.goemotions]
folder = "goemotions"
share = 0.5
[text]
corpus = "meld-text"
learning_rate = 3e-3
head_learning_rate = 1e-2
[text.config]
hidden_size = 32
num_hidden_layers = 1
num_attention_heads = 2
intermediate_size = 64
"""
JOINED = "[corpora.meld-text.joined.goemotions]\n"
OWN = "[corpora.meld-text]\n"
MORE = '[corpora.meld-text.joined.more]\ncorpus = "goemotions"\nfolder = "x"\nshare = 0.5\n'
WORDS = {"joy": "lovely", "anger": "damn", "neutral": "table", "sadness": "alas", "surprise": "really", "fear": "help"}

SENTIMENT_OF = {"neutral": "neutral", "anger": "negative", "sadness": "negative"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MELD's and GoEmotions' formats; a word of each utterance determines its emotion; fear occurs only in comments."""
    root = tmp_path_factory.mktemp("data")
    for split, dialogues in (("train", range(6)), ("dev", range(6, 16))):
        lines = [
            (d, u, f"{word} {word}, {d}!", emotion, SENTIMENT_OF.get(emotion, "positive"))
            for d in dialogues
            for u, (emotion, word) in enumerate(list(WORDS.items())[:5])
        ]
        write_lines(root / "meld" / f"{split}_sent_emo.csv", lines)
    (root / "goemotions").mkdir()
    for name, numbers in (("train", range(11)), ("dev", range(11, 15))):
        with (root / "goemotions" / f"{name}.csv").open("w", newline="") as file:
            rows = [(f"{word}, {word} {i}", emotion) for i in numbers for emotion, word in WORDS.items()]
            csv.writer(file).writerows([("text", "emotions"), *rows])
    return root


def write_recipe(folder: Path, *changes: tuple[str, str]) -> Path:
    text = RECIPE
    for before, after in changes:
        assert text.count(before) == 1, before
        text = text.replace(before, after)
    path = folder / "recipe.toml"
    path.write_text(text)
    return path


def read_changed(folder: Path, *changes: tuple[str, str]) -> Recipe:
    return Recipe.read(write_recipe(folder, *changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (((JOINED, JOINED + "epochs = 3\n"),), "joined.goemotions.epochs: applies to the whole stage, set it"),
        (
            ((JOINED, JOINED + "[corpora.meld-text.joined.goemotions.joined.x]\n"),),
            "joined: applies to the whole stage",
        ),
        (((OWN, OWN + "share = 0.5\n"),), "corpora.meld-text.share: Extra inputs are not permitted"),
        (((OWN, OWN + 'joins = "goemotions"\n'),), "corpora.meld-text.joins: Extra inputs are not permitted"),
        ((("share = 0.5\n", ""),), "joined.goemotions.share: Field required"),
        ((("share = 0.5", "share = 1.0"),), "share: Input should be less than 1"),
        ((("share = 0.5", "share = 0.0"),), "share: Input should be greater than 0"),
        (
            (("[text]\n", f"{MORE}[text]\n"),),
            "[corpora.meld-text] joined: their shares add up to 1, which leaves no share for meld-text",
        ),
        (((JOINED, JOINED.replace("goemotions", "meld-text")),), "corpora: two are named 'meld-text'"),
        (
            (('folder = "goemotions"', 'corpus = "meld-text"\nfolder = "meld"'),),
            "[corpora.meld-text.joined.goemotions]: the stage already has its examples",
        ),
        (((JOINED, JOINED + "join_share = 0.5\n"),), "meld-text.joined.goemotions: join_share is for audio"),
        (((JOINED, JOINED + "teachers = 2\n"),), "teachers: has no effect without teacher"),
        (((JOINED, JOINED + "teacher_share = 0.9\n"),), "teacher_share: applies to the whole stage"),
        (((OWN, OWN + "teacher_share = 0.9\n"),), "[corpora.meld-text] teacher_share: has no effect without teacher"),
        (
            ((JOINED, "[corpora.goemotions]\nepochs = 1\nbatch = 2\n"), ("share = 0.5\n", "")),
            "the modalities use the corpora",
        ),
    ],
)
def test_options_of_joined_corpora_are_strict(
    tmp_path: Path, changes: tuple[tuple[str, str], ...], message: str
) -> None:
    with pytest.raises(RecipeError) as error:
        read_changed(tmp_path, *changes)
    assert message in str(error.value)


def test_teacher_share_applies_to_joined_corpora(tmp_path: Path) -> None:
    priors = read_changed(tmp_path, (JOINED, JOINED + 'teacher = "x"\n'), (OWN, OWN + "teacher_share = 0.9\n"))
    assert priors.corpora["meld-text"].teacher_share == 0.9


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((JOINED, JOINED + "context_dropout = 0.5\n"), "has no effect, as goemotions has no context"),
        ((JOINED, JOINED + 'corpus = "ravdess"\n'), "goemotions has audio, but not text, which the stage trains"),
        ((JOINED, JOINED + 'corpus = "nonesuch"\n'), "names nonesuch; the corpora are"),
    ],
)
def test_incompatible_corpora_are_rejected(data: Path, tmp_path: Path, change: tuple[str, str], message: str) -> None:
    code, output = run_train("--recipe", write_recipe(tmp_path, change), "--data", data, "--work", tmp_path / "work")
    assert code == 2 and message in output and not (tmp_path / "work").exists()


def slot(**options: object) -> dict[str, object]:
    named = {"name": "comments", "corpus": "goemotions", "folder": "goemotions", **options}
    return {"fusion": {
        "judgments": "j.csv", "judgments_licence": "x", "shrink_weights": [0.1], "shrink_bias": 0.1,
        "prior_of": ["judgments", "goemotions"], "slots": [named],
    }}  # fmt: skip


def test_slots_must_not_use_training_splits() -> None:
    recipe = tomllib.loads(RECIPE)
    assert Recipe.model_validate({**recipe, **slot(home=True)}).fusion is not None
    for options in ({}, {"home": True, "split": "all"}, {"home": True, "split": "train"}):
        with pytest.raises(
            ValueError, match="an encoder is trained on goemotions, which comments takes its samples from"
        ):
            Recipe.model_validate({**recipe, **slot(**options)})


def test_all_folders_and_licences_are_named(tmp_path: Path) -> None:
    recipe = read_changed(tmp_path)
    assert recipe.folders() == ["meld", "goemotions"]
    assert licence_line(recipe) == "for tests: MELD: GPL-3.0; GoEmotions: CC BY 4.0"
    own = read_changed(tmp_path, (JOINED, JOINED + 'licence = "mine: free"\n'))
    assert licence_line(own) == "for tests: MELD: GPL-3.0; mine: free"


def test_a_joined_corpus_changes_the_digest_of_a_stage(tmp_path: Path) -> None:
    digests = {
        recipe.digest(recipe.stages()[0])
        for recipe in (read_changed(tmp_path), read_changed(tmp_path, ("share = 0.5", "share = 0.4")))
    }
    assert len(digests) == 2


def test_digests_of_the_committed_recipes_are_unchanged() -> None:
    """Trained stages are found by these digests."""
    folder = Path(__file__).parents[2] / "training"
    recipes = [Recipe.read(folder / "starter.toml"), Recipe.read(folder / "full.toml")]
    assert {s.name: recipe.digest(s)[:12] for recipe in recipes for s in recipe.stages()} == {
        "text": "1e04c7197ca8", "audio": "6dacf6ef4f72", "face": "0d01288abf3d",
        "text-audio-video-face": "bb0c55fb73e0",
    }  # fmt: skip


def test_each_corpus_has_its_own_augmentation(data: Path, tmp_path: Path) -> None:
    """Lines of MELD lose their punctuation here, comments do not."""
    recipe = read_changed(tmp_path)
    (stage,) = recipe.stages()
    tokenizer = TextTokenizer(catalog.fetch("minilm-l6") / "tokenizer.json")
    parts = [
        read_meld_text(data / "meld", "train", tokenizer),
        read_goemotions(data / "goemotions", "train", tokenizer),
    ]
    train = [example for part in parts for example in part]
    sizes = tuple(map(len, parts))
    context = StageContext(recipe, stage, data, tmp_path, "cpu")
    feed = BatchCollator(context, StageData(train, effective_priors(train, 0.0), marks=tokenizer.marks, sizes=sizes))
    for row in range(len(train)):
        ids = set(feed([row]).inputs["text"][1][0].flatten().tolist())
        assert bool(ids & tokenizer.marks.keys()) == (row >= sizes[0])


def test_priors_are_those_of_the_mixture() -> None:
    """Half of an epoch is of each corpus, whatever their sizes; missing labels do not count."""
    first = [Example(Sample(), 0, 0, "g")] * 700
    other = [Example(Sample(), 3, IGNORED, "g")] * 70_000
    mixture = Mixture((700, 70_000), (0.5,), 1)
    priors = effective_priors([*first, *other], 0.0, mixture.weights)
    assert priors.prior_emotion[0] == pytest.approx(0.5, abs=0.01) == priors.prior_emotion[3]
    assert priors.prior_sentiment[0] > 0.99
    assert effective_priors(first, 0.3) == effective_priors(first, 0.3, Mixture((700,), (), 1).weights)


def test_clips_of_different_corpora_are_not_concatenated() -> None:
    """Their speakers may have equal numbers."""
    examples = [Example(Sample(audio=torch.full((80, 40), float(i % 2))), 0, 0, "01") for i in range(20)]
    shares = [float(i % 2) for i in range(20)]
    torch.manual_seed(0)
    concat = ClipConcat(examples, shares, [i % 2 for i in range(20)])
    for i in range(20):
        audio = concat(i).sample.audio
        assert audio is not None and (audio == i % 2).all() and (i % 2 or audio.shape[1] == 40)


def test_self_distillation_averages_repeated_examples() -> None:
    distillation, one, other = SelfDistillation(3), torch.zeros(1, 10), torch.zeros(1, 10)
    one[0, [0, 7]] = other[0, [1, 8]] = 50.0
    distillation.add(torch.tensor([2, 0, 2]), torch.cat([one, one, other]))
    assert distillation.targets[2].tolist() == pytest.approx([0.5, 0.5, *[0.0] * 5, 0.5, 0.5, 0.0])
    assert distillation.targets[0].tolist() == pytest.approx([1.0, *[0.0] * 6, 1.0, 0.0, 0.0])


def trained(data: Path, work: Path, *changes: tuple[str, str]) -> dict[str, torch.Tensor]:
    work.mkdir(exist_ok=True)
    code, output = run_train(
        "--recipe", write_recipe(work, *changes), "--data", data, "--work", work, "--only", "text", "--device", "cpu"
    )
    assert code == 0, output
    return load_file(work / "text.safetensors")


@pytest.fixture(scope="module")
def work(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Work folder of the stage, trained once."""
    folder = tmp_path_factory.mktemp("work")
    trained(data, folder)
    return folder


def test_the_same_seed_trains_the_same_network(data: Path, work: Path, tmp_path: Path) -> None:
    again, once = trained(data, tmp_path / "again"), load_file(work / "text.safetensors")
    assert all(torch.equal(again[key], value) for key, value in once.items())
    fewer = trained(data, tmp_path / "fewer", ("share = 0.5", "share = 0.1"))
    assert any(not torch.equal(fewer[key], value) for key, value in once.items())


def test_an_interrupted_run_resumes_to_the_same_result(
    data: Path, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Training is interrupted in the middle of the fourth epoch."""
    monkeypatch.setattr("training.engine.checkpoints.CHECKPOINT_SECONDS", 0.0)
    check = Trainer._check

    def interrupt(trainer: Trainer, norm: torch.Tensor) -> None:
        if (trainer.state.epoch, trainer.state.batch) == (3, 4):
            raise KeyboardInterrupt
        check(trainer, norm)

    monkeypatch.setattr(Trainer, "_check", interrupt)
    options = (
        "--recipe",
        write_recipe(tmp_path),
        "--data",
        data,
        "--work",
        tmp_path,
        "--only",
        "text",
        "--device",
        "cpu",
    )
    run_train(*options)
    assert (tmp_path / "text.checkpoint.pt").exists() and not (tmp_path / "text.safetensors").exists()
    monkeypatch.setattr(Trainer, "_check", check)
    code, output = run_train(*options)
    assert code == 0 and "resuming in epoch 4 at batch 5" in output
    again = load_file(tmp_path / "text.safetensors")
    assert all(torch.equal(again[key], value) for key, value in load_file(work / "text.safetensors").items())


def test_the_epoch_is_selected_on_groups_of_every_corpus(data: Path, tmp_path: Path) -> None:
    trained(data, tmp_path / "some", ("batch = 8", "batch = 8\nselection = 0.3"))
    trained_on, total = read_hashes(tmp_path / "some" / "text.items.npy"), 30 + 66
    assert 40 < len(trained_on) < total
    small = write_recipe(tmp_path, ("batch = 8", "batch = 8\nselection = 0.000001"))
    code, output = run_train("--recipe", small, "--data", data, "--work", tmp_path, "--only", "text")
    assert code == 2 and "selection = 1e-06 puts 0 of" in output


def test_soft_labels_of_one_corpus_are_combined_with_labels_of_another(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = []

    def labels_of_one(name: str, lines: Sequence[Line], seed: int, _: StageContext) -> torch.Tensor:
        requests.append((name, [line.text for line in lines][:1], seed))
        return torch.zeros(len(lines), 10).log_softmax(dim=1)

    monkeypatch.setattr(teachers, "_labels_of_one", labels_of_one)
    found: list[torch.Tensor | None] = []
    run = StageTrainer.run

    def record(trainer: StageTrainer) -> list[dict[str, float]]:
        found.append(trainer._data.teacher)
        return run(trainer)

    monkeypatch.setattr(StageTrainer, "run", record)
    trained(data, tmp_path / "work", (JOINED, JOINED + 'teacher = "tiny"\nteachers = 2\n'))
    assert requests == [("tiny", ["lovely, lovely 0"], 1), ("tiny", ["lovely, lovely 0"], 2)]
    (soft,) = found
    assert soft is not None and soft[:30].isnan().all() and not soft[30:].isnan().any() and len(soft) == 96


@pytest.fixture(scope="module")
def bundle(data: Path, work: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bundles") / "words"
    write_bundle(Recipe.read(work / "recipe.toml"), data, work, out)
    return out


def test_a_bundle_records_its_training_corpora(bundle: Path) -> None:
    manifest = read_manifest(bundle)
    priors = training_priors_of(manifest)["text"]
    assert [(name, by.corpus, by.share, by.items) for name, by in priors.corpora.items()] == [
        ("meld-text", "meld-text", 0.5, 30),
        ("goemotions", "goemotions", 0.5, 66),
    ]
    fear = EMOTIONS.index("fear")
    own, other = (by.frequencies.prior_emotion[fear] for by in priors.corpora.values())
    assert own == pytest.approx(1 / 37) and other == pytest.approx(12 / 73)
    assert priors.frequencies.prior_emotion[fear] == pytest.approx((11 * 30 / 66 + 1) / (60 + 7))
    assert priors.own == priors.of("meld-text") != priors.of("goemotions")
    assert manifest.network.prior_emotion == priors.own.prior_emotion
    assert set(section_of(manifest.training, "calibrated_on")) == {"meld-text"}
    assert manifest.licence == "for tests: MELD: GPL-3.0; GoEmotions: CC BY 4.0"
    assert training_corpora(manifest, "text") == ["meld-text", "goemotions"]
    assert training_corpus_name(manifest, "text", "meld-text-plain") == "meld-text"
    assert training_corpus_name(manifest, "text", "goemotions") == "goemotions"
    assert training_corpus_name(manifest, "text", "voices") is None


def test_bundles_of_one_corpus_are_unchanged() -> None:
    """Existing bundles remain readable."""
    manifest = read_manifest(find_bundle("starter"))
    assert (
        training_corpora(manifest, "face") == ["ferplus"]
        and training_corpus_name(manifest, "face", "goemotions") is None
    )
    priors = training_priors_of(manifest)["face"]
    assert not priors.corpora and priors.own == priors.of("ferplus") == priors.frequencies
    note = Calibration(prior_emotion=CONVERSATION.prior_emotion, prior_sentiment=CONVERSATION.prior_sentiment)
    assert "corpora" not in TrainingPriors.from_effective(note, 0.0).model_dump(mode="json", exclude_defaults=True)


def test_every_training_corpus_is_scored_in_corpus(bundle: Path, data: Path, tmp_path: Path) -> None:
    """Under its own frequencies, with constants fitted on the first corpus only."""
    report = Report.model_validate_json((bundle / "evaluation.json").read_bytes())
    priors = training_priors_of(read_manifest(bundle))["text"]
    found = {(e.corpus, e.scope): e for e in report.evaluations if e.prior == "corpus"}
    assert {corpus for corpus, _ in found} == {"meld-text", "meld-text-plain", "goemotions"}
    for name in ("meld-text", "goemotions"):
        assert found[name, "all"].prior_emotion == list(priors.of(name).prior_emotion)
        assert found[name, "all"].cross_fitted == (name == "meld-text")
        emotion = found[name, "all"].emotion
        assert emotion is not None and emotion.accuracy > 0.7
    comments = found["goemotions", "all"].emotion
    assert comments is not None
    assert next(c.recall for c in comments.classes if c.label == "fear") == 1.0, "fear occurs only in comments"
    arguments = (bundle, "--corpus", "goemotions", "--data", data / "goemotions", "--json", tmp_path / "out.json")
    code, output = run_evaluate(*arguments, "--split", "held-out", "--prior", "corpus")
    assert code == 0 and "very items" not in output
    first = json.loads((tmp_path / "out.json").read_text())[0]
    assert first["prior_emotion"] == list(priors.of("goemotions").prior_emotion) and first["seen"] == 0
    code, output = run_evaluate(*arguments, "--split", "train")
    assert code == 0 and json.loads((tmp_path / "out.json").read_text())[0]["seen"] == 66
    code, _ = run_evaluate(bundle, "--corpus", "meld-text", "--data", data / "meld", "--split", "train",
                           "--json", tmp_path / "out.json")  # fmt: skip
    assert code == 0 and json.loads((tmp_path / "out.json").read_text())[0]["seen"] == 30


def test_the_card_names_every_training_corpus(bundle: Path) -> None:
    card = " ".join((bundle / "MODEL_CARD.md").read_text().split())
    for needed in (
        "| goemotions | text | CC BY 4.0 | the official dev comments |",
        "| text | meld-text (50% of an epoch), goemotions (50% of an epoch) | 96 |",
        "one American sitcom (MELD) and comments on one website (GoEmotions).",
        "MELD: GPL-3.0; GoEmotions: CC BY 4.0",
    ):
        assert needed in card, needed
    manifest = read_manifest(bundle)
    report = Report.model_validate_json((bundle / "evaluation.json").read_bytes())
    out_of_corpus = [e.model_copy(update={"corpus": "voices", "name": "nemo"}) for e in report.evaluations]
    written = [e for e in report.evaluations if e.corpus != "meld-text-plain"]
    whole = report.model_copy(update={"fusion": "fitted", "evaluations": [*written, *out_of_corpus]})
    (_, in_corpus), (_, others) = _tables(manifest, whole, whole.evaluations)
    assert {e.corpus for e in in_corpus} == {"meld-text", "goemotions"} and {e.corpus for e in others} == {"voices"}


def test_training_corpora_are_matched_by_name(bundle: Path) -> None:
    """Another corpus of the same format does not match."""
    manifest = read_manifest(bundle)
    recipe = json.loads(json.dumps(manifest.training["recipe"]))
    joined = recipe["corpora"]["meld-text"]["joined"]
    joined["lines"] = {**joined.pop("goemotions"), "corpus": "manifest"}
    other = manifest.model_copy(update={"training": {**manifest.training, "recipe": recipe}})
    assert (
        training_corpus_name(other, "text", "lines") == "lines"
        and training_corpus_name(other, "text", "manifest") is None
    )


def test_a_corpus_without_a_held_out_split_is_not_scored(bundle: Path, data: Path, work: Path, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "data")
    (tmp_path / "data" / "goemotions" / "dev.csv").write_text("text,emotions\n")
    write_bundle(Recipe.read(work / "recipe.toml"), tmp_path / "data", work, tmp_path / "out")
    report = Report.model_validate_json((tmp_path / "out" / "evaluation.json").read_bytes())
    assert {e.corpus for e in report.evaluations} == {"meld-text", "meld-text-plain"}
    assert (tmp_path / "out" / "weights.safetensors").read_bytes() == (bundle / "weights.safetensors").read_bytes()


def test_the_declared_prior_may_be_of_a_joined_corpus(bundle: Path) -> None:
    priors = training_priors_of(read_manifest(bundle))
    recipe = Recipe.model_validate({**tomllib.loads(RECIPE), **slot(home=True)})
    assert recipe.fusion is not None
    of = recipe.fusion.model_copy(update={"prior_of": ("goemotions",)})
    judgments = Judgments.__new__(Judgments)  # not used
    emotion, sentiment = declared_prior(of, recipe, priors, judgments, ValenceThresholds(0.0, 0.0, 0.0))
    assert emotion == pytest.approx(priors["text"].of("goemotions").prior_emotion)
    assert sentiment == pytest.approx(priors["text"].of("goemotions").prior_sentiment)
