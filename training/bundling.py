"""Packaging of trained modalities as a bundle: save, calibrate, score, write the model card."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from model.bundle import Bundle, Manifest, load_bundle, save_bundle
from model.contract import Modality
from model.network import Calibration, EmotionNetwork, NetworkConfig
from training.calibration.fitting import (
    CalibrationReport,
    cross_fit_constants,
    fit_calibration,
    fit_fused,
    fused_report,
    report_of,
)
from training.calibration.prediction_store import load_out_of_fold
from training.card import Report, write_card
from training.data.stage_data import read_split
from training.data.training_items import read_hashes, save_training_items
from training.engine.stage_store import load_trained, public_encoders, tokenizer_entry
from training.evaluate import text_styles
from training.evaluation.protocol import Evaluation, Subject, evaluate
from training.evaluation.provenance import TrainingPriors, item_summary
from training.evaluation.scoring import CrossFit, Encoded, encode, set_constants
from training.fusion.real_items import fit_real
from training.licence import licence_line
from training.recipe import Recipe, Source
from training.revision import commit

PRIOR_OF: Modality = "text"  # trained on MELD, the only corpus with the class frequencies of conversation


@dataclass(frozen=True)
class _Trained:
    """Results of training, by modality.

    `in_folds` holds out-of-fold predictions for the training items, of modalities whose recipe asks for them; `items`
    the content hashes of the training items; `commits` the commit of the training code.
    """

    network: EmotionNetwork
    training_priors: dict[Modality, TrainingPriors]
    commits: dict[Modality, str]
    items: dict[Modality, list[str]]
    in_folds: dict[Modality, Encoded]

    @property
    def prior_of(self) -> Modality:
        """Modality whose class frequencies are the bundle's declared prior."""
        return PRIOR_OF if PRIOR_OF in self.training_priors else self.network.modalities[0]

    @property
    def fusion_trained(self) -> bool:
        """True if gates or joint head were trained: both are zero without samples of several modalities."""
        layers = [self.network.joint, *self.network.gates.values()]
        return any(bool(p.any()) for layer in layers for p in layer.parameters())


def write_bundle(recipe: Recipe, data: Path, work: Path, out: Path) -> None:
    """Save the bundle, calibrate it on the held-out splits, and score it on them."""
    network, metadata = load_trained(recipe, work)
    balances = {m: recipe.corpora[section.corpus].class_balance for m, section in recipe.sections().items()}
    trained = _Trained(
        network,
        training_priors={
            m: TrainingPriors.from_effective(meta.priors, balances[m], meta.corpora) for m, meta in metadata.items()
        },
        commits={m: meta.commit for m, meta in metadata.items()},
        items={m: read_hashes(work / f"{m}.items.npy") for m in network.modalities},
        in_folds={m: load_out_of_fold(work, m) for m, s in recipe.sections().items() if recipe.corpora[s.corpus].folds},
    )
    manifest = _manifest(recipe, trained)
    save_bundle(out, manifest, network)
    save_training_items(out, {content for items in trained.items.values() for content in items})
    served = load_bundle(out)  # calibrate and score the half-precision weights that ship
    held_out = {s.name: encoded for s in recipe.sources() if (encoded := _held_out(served, s, data)) is not None}
    calibrating = {name: held_out[name] for name in recipe.corpora}
    config, reports = _calibrate(recipe, trained, calibrating)
    name, multimodal = max(calibrating.items(), key=lambda item: len(item[1].multimodal_rows()))
    config = fit_real(served.network, fit_fused(served.network, config, multimodal), multimodal)
    fitted_on = {n: item_summary(e.contents) for n, e in calibrating.items() if not recipe.corpora[n].folds}
    manifest = manifest.model_copy(
        update={"network": config, "training": {**manifest.training, "calibrated_on": fitted_on}}
    )
    set_constants(network, config)
    save_bundle(out, manifest, network)
    subject = Subject.load(out)
    fits = _cross_fits(recipe, trained, subject, calibrating)
    report = Report(
        created=datetime.now(UTC).strftime("%Y-%m-%d"),
        commit=commit(),
        prior_of=trained.prior_of,
        calibrations=reports,
        fused=fused_report(subject.bundle.network, config, multimodal, fits.get(name)),
        evaluations=_score(recipe, subject, held_out, fits, data),
    )
    (out / "evaluation.json").write_text(report.model_dump_json(indent=1) + "\n", encoding="utf-8")
    write_card(out)
    (out / "LICENSE").write_text(
        f"{licence_line(recipe)}.\nSee MODEL_CARD.md for the corpora and what follows from them.\n"
    )


def _manifest(recipe: Recipe, trained: _Trained) -> Manifest:
    """Return the manifest before calibration."""
    effective = {m: training_priors.effective for m, training_priors in trained.training_priors.items()}
    return Manifest(
        name=recipe.name,
        version=recipe.version,
        licence=licence_line(recipe),
        public_encoders=public_encoders(recipe),
        tokenizer=tokenizer_entry(recipe),
        fusion_trained=trained.fusion_trained,
        network=trained.network.config.model_copy(update={"calibration": effective, **_declared(trained)}),
        training={
            "commit": commit(),
            "trained_by": trained.commits,
            "recipe": recipe.model_dump(mode="json", exclude_none=True),
            "data": {m: item_summary(items) for m, items in trained.items.items()},
            "taught": {m: t.model_dump(mode="json", exclude_defaults=True) for m, t in trained.training_priors.items()},
        },
    )


def _calibrate(
    recipe: Recipe, trained: _Trained, held_out: Mapping[str, Encoded]
) -> tuple[NetworkConfig, list[CalibrationReport]]:
    """Fit each modality's constants; return the network's configuration and a report per modality.

    They are fitted on the held-out split of the stage's first corpus, or on its out-of-fold predictions. Joined corpora
    take no part, so that their held-out splits score the shipped constants, and class offsets of one corpus are not
    averaged with another's. [fusion] later refits temperatures on all of its slots alike.
    """
    transfers = _transfers(recipe, trained)
    calibration: dict[Modality, Calibration] = {}
    reports = []
    for m, section in recipe.sections().items():
        encoded, training_priors = trained.in_folds.get(m, held_out[section.corpus]), trained.training_priors[m]
        calibration[m] = fit_calibration(
            encoded, m, training_priors, transfers[m], training_priors.effective.reliability
        )
        in_folds = m in trained.in_folds
        reports.append(
            report_of(encoded, m, training_priors, calibration[m], section.corpus, section.transfer, in_folds)
        )
    return trained.network.config.model_copy(update={"calibration": calibration, **_declared(trained)}), reports


def _declared(trained: _Trained) -> dict[str, tuple[float, ...]]:
    """Return the configuration fields of the prior that is added after fusion."""
    frequencies = trained.training_priors[trained.prior_of].own
    return {"prior_emotion": frequencies.prior_emotion, "prior_sentiment": frequencies.prior_sentiment}


def _cross_fits(
    recipe: Recipe, trained: _Trained, subject: Subject, held_out: Mapping[str, Encoded]
) -> dict[str, CrossFit]:
    """Return cross-fitted constants for the corpora whose held-out split calibrates."""
    network, transfers = subject.bundle.network, _transfers(recipe, trained)
    return {
        name: cross_fit_constants(network, encoded, trained.training_priors, transfers)
        for name, encoded in held_out.items()
        if not recipe.corpora[name].folds
    }


def _score(
    recipe: Recipe, subject: Subject, held_out: Mapping[str, Encoded], fits: Mapping[str, CrossFit], data: Path
) -> list[Evaluation]:
    """Score each held-out split in each of its text styles.

    A split that calibrates is scored with cross-fitted constants; any other with the shipped constants.
    """
    evaluations: list[Evaluation] = []
    for source in (source for source in recipe.sources() if source.name in held_out):
        encoded, fit = held_out[source.name], fits.get(source.name)
        name = source.name if source.name != source.corpus else ""
        evaluations += evaluate(subject, source.corpus, "held-out", encoded, fit, name=name)
        for style in text_styles(source.corpus)[1:]:
            other = read_split(replace(source, corpus=style), data, "held-out", subject.bundle.tokenizer)
            plain = encode(subject.bundle.network, other)
            evaluations += evaluate(subject, style, "held-out", plain, fit, name=name)
    return evaluations


def _transfers(recipe: Recipe, trained: _Trained) -> dict[Modality, float | None]:
    """Return the declared transfer of each modality; None if trained gates keep their own reliabilities."""
    return {m: None if trained.fusion_trained else section.transfer for m, section in recipe.sections().items()}


def _held_out(bundle: Bundle, source: Source, data: Path) -> Encoded | None:
    """Encode the held-out split of a corpus; None for a joined corpus whose split is empty."""
    examples = read_split(source, data, "held-out", bundle.tokenizer)
    return encode(bundle.network, examples) if len(examples) or not source.share else None
