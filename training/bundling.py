"""From trained modalities to a shipped bundle: calibrate, save, score what was saved, write its card."""

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import jinja2
import numpy as np
from pydantic import BaseModel

from model.bundle import Manifest, load_bundle, save_bundle
from model.contract import EMOTIONS, SENTIMENTS, Modality
from model.features import TextTokenizer
from model.network import N_EMOTIONS, Calibration
from training.calibrate import cross_fit, fit_temperature, posterior, reliability
from training.corpora import CORPORA, IGNORED, Example
from training.evaluate import Evaluation, evaluate
from training.loop import predict
from training.metrics import Probabilities, Targets, expected_calibration_error
from training.recipe import Recipe
from training.trained import load_trained, tokenizer_of

TEMPLATES = Path(__file__).resolve().parent / "templates"
PRIOR_CORPUS: Modality = "text"  # MELD: the one corpus whose emotions occur as often as in conversation


class CalibrationReport(BaseModel):
    """Expected calibration error of one modality on held-out data: as trained, and cross-fitted."""

    modality: Modality
    temperature_emotion: float
    temperature_sentiment: float
    reliability: float
    transfer: float
    ece_emotion_before: float
    ece_emotion_after: float
    ece_sentiment_before: float
    ece_sentiment_after: float


class Report(BaseModel):
    """Everything a model card says in figures; kept beside the bundle as `evaluation.json`."""

    created: str
    commit: str
    calibrations: list[CalibrationReport]
    evaluations: list[Evaluation]


@dataclass(frozen=True)
class _Scored:
    """One head of one modality on its held-out split."""

    logits: Probabilities
    targets: Targets
    groups: list[str]
    prior: tuple[float, ...]

    def calibrated(self) -> tuple[float, Probabilities]:
        """The temperature to ship, and probabilities that are fit to be scored."""
        temperature = fit_temperature(self.logits, self.targets, self.prior)
        return temperature, cross_fit(self.logits, self.targets, self.prior, self.groups)

    def ece(self, probabilities: Probabilities) -> float:
        return expected_calibration_error(probabilities, self.targets)

    def uncalibrated(self) -> Probabilities:
        return posterior(self.logits, self.prior, 1.0)


def write_bundle(plan: Recipe, data: Path, work: Path, out: Path) -> None:
    """Calibrate on the held-out splits, save the bundle, and report what the saved bundle scores there."""
    network, notes = load_trained(plan, work)
    tokenizer = tokenizer_of(plan)
    held_out = {m: _read(plan, m, data, tokenizer) for m in network.modalities}
    calibrations: dict[Modality, Calibration] = {}
    reports = []
    for modality, examples in held_out.items():
        logits = np.asarray(predict(network, modality, examples), dtype=np.float64)
        transfer = plan.sections()[modality].transfer
        calibrations[modality], report = calibrate(modality, logits, examples, notes[modality], transfer)
        reports.append(report)
    declared = notes[PRIOR_CORPUS]
    config = network.config.model_copy(
        update={
            "calibration": calibrations,
            "prior_emotion": declared.prior_emotion,
            "prior_sentiment": declared.prior_sentiment,
        }
    )
    network.set_constants(config)
    text = plan.text.public_encoder if plan.text else None
    manifest = Manifest(
        name=plan.name,
        version=plan.version,
        licence=plan.licence,
        public_encoders={"text": text} if text else {},
        tokenizer=text,
        network=config,
        training={"commit": commit(), "recipe": plan.model_dump(mode="json", exclude_none=True)},
    )
    save_bundle(out, manifest, network)
    bundle = load_bundle(out)  # what was saved, in half precision, is what is scored
    evaluations = []
    for modality, examples in held_out.items():
        name = plan.sections()[modality].corpus
        evaluations += [evaluate(bundle, name, "held-out", examples, prior) for prior in ("corpus", "declared")]
    if plan.text is not None:
        plain = CORPORA["meld-text-plain"].read(data / plan.text.folder, "held-out", tokenizer)
        evaluations.append(evaluate(bundle, "meld-text-plain", "held-out", plain, "corpus"))
    now = datetime.now(UTC).strftime("%Y-%m-%d")
    whole = Report(created=now, commit=commit(), calibrations=reports, evaluations=evaluations)
    (out / "evaluation.json").write_text(whole.model_dump_json(indent=1) + "\n")
    (out / "MODEL_CARD.md").write_text(render_card(manifest, whole), encoding="utf-8")
    (out / "LICENSE").write_text(f"{plan.licence}.\nSee MODEL_CARD.md for the corpora and what follows from them.\n")


def calibrate(
    modality: Modality, logits: Probabilities, examples: list[Example], note: Calibration, transfer: float
) -> tuple[Calibration, CalibrationReport]:
    """Temperatures and reliability of one modality from its logits [n, 10] on held-out examples."""
    groups = [e.group for e in examples]
    targets = np.asarray([e.emotion for e in examples], dtype=np.int64)
    emotion = _Scored(logits[:, :N_EMOTIONS], targets, groups, note.prior_emotion)
    known = [i for i, e in enumerate(examples) if e.sentiment != IGNORED]
    targets = np.asarray([examples[i].sentiment for i in known], dtype=np.int64)
    sentiment = _Scored(logits[known, N_EMOTIONS:], targets, [groups[i] for i in known], note.prior_sentiment)
    temperature_emotion, emotions = emotion.calibrated()
    temperature_sentiment, sentiments = sentiment.calibrated()
    gained = reliability(emotions, emotion.targets, note.prior_emotion)
    calibration = note.model_copy(
        update={
            "temperature_emotion": temperature_emotion,
            "temperature_sentiment": temperature_sentiment,
            "reliability": transfer * gained,
        }
    )
    return calibration, CalibrationReport(
        modality=modality,
        temperature_emotion=temperature_emotion,
        temperature_sentiment=temperature_sentiment,
        reliability=gained,
        transfer=transfer,
        ece_emotion_before=emotion.ece(emotion.uncalibrated()),
        ece_emotion_after=emotion.ece(emotions),
        ece_sentiment_before=sentiment.ece(sentiment.uncalibrated()),
        ece_sentiment_after=sentiment.ece(sentiments),
    )


def render_card(manifest: Manifest, report: Report) -> str:
    """MODEL_CARD.md, with every figure from the report."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    corpora = [corpus for corpus in CORPORA.values() if any(e.corpus == corpus.name for e in report.evaluations)]
    return environment.get_template("MODEL_CARD.md").render(
        manifest=manifest, report=report, corpora=corpora, emotions=EMOTIONS, sentiments=SENTIMENTS
    )


def commit() -> str:
    """The checkout's commit, with a mark where files differ from it."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, cwd=TEMPLATES)
    return answer.stdout.strip() or "unknown"


def _read(plan: Recipe, modality: Modality, data: Path, tokenizer: TextTokenizer | None) -> list[Example]:
    section = plan.sections()[modality]
    return CORPORA[section.corpus].read(data / section.folder, "held-out", tokenizer)
