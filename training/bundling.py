"""Packaging of trained modalities as a bundle: save it, calibrate what was saved, score it, write its card."""

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
from training.calibration.out_of_fold import load_out_of_fold
from training.card import Report, write_card
from training.data.stage import read_split
from training.data.training_items import read_items, save_seen
from training.engine.stage_store import load_trained, public_encoders, tokenizer_entry
from training.evaluate import styles
from training.evaluation.protocol import Evaluation, Subject, evaluate
from training.evaluation.provenance import Taught, facts
from training.evaluation.scoring import CrossFit, Encoded, encode, set_constants
from training.fusion.real import fit_real
from training.licence import licence_line
from training.recipe import Recipe, Source
from training.revision import commit

PRIOR_OF: Modality = "text"  # learned from MELD: the one corpus whose emotions occur as in conversation


@dataclass(frozen=True)
class _Trained:
    """Results of training.

    The network; for each modality what it was taught with, the commit of the code, the content hashes of its training
    items, and out-of-fold predictions for these where the recipe asks for them.
    """

    network: EmotionNetwork
    taught: dict[Modality, Taught]
    commits: dict[Modality, str]
    items: dict[Modality, list[str]]
    in_folds: dict[Modality, Encoded]

    @property
    def prior_of(self) -> Modality:
        """The modality whose class frequencies the bundle declares for video at large."""
        return PRIOR_OF if PRIOR_OF in self.taught else self.network.modalities[0]

    @property
    def fusion_trained(self) -> bool:
        """Gates and joint head start at zero, and stay there without samples of several modalities."""
        layers = [self.network.joint, *self.network.gates.values()]
        return any(bool(p.any()) for layer in layers for p in layer.parameters())


def write_bundle(recipe: Recipe, data: Path, work: Path, out: Path) -> None:
    """Save the bundle, calibrate it on the held-out splits, and report what it scores there."""
    network, notes = load_trained(recipe, work)
    balances = {m: recipe.corpora[section.corpus].class_balance for m, section in recipe.sections().items()}
    trained = _Trained(
        network,
        taught={m: Taught.noted(note.priors, balances[m], note.corpora) for m, note in notes.items()},
        commits={m: note.commit for m, note in notes.items()},
        items={m: read_items(work / f"{m}.items.npy") for m in network.modalities},
        in_folds={m: load_out_of_fold(work, m) for m, s in recipe.sections().items() if recipe.corpora[s.corpus].folds},
    )
    manifest = _manifest(recipe, trained)
    save_bundle(out, manifest, network)
    save_seen(out, {content for items in trained.items.values() for content in items})
    served = load_bundle(out)  # in half precision: what is shipped is what is calibrated and scored
    held_out = {s.name: encoded for s in recipe.sources() if (encoded := _held_out(served, s, data)) is not None}
    calibrating = {name: held_out[name] for name in recipe.corpora}
    config, reports = _calibrate(recipe, trained, calibrating)
    name, fullest = max(calibrating.items(), key=lambda item: len(item[1].with_several()))
    config = fit_real(served.network, fit_fused(served.network, config, fullest), fullest)
    fitted_on = {n: facts(e.contents) for n, e in calibrating.items() if not recipe.corpora[n].folds}
    manifest = manifest.model_copy(
        update={"network": config, "training": {**manifest.training, "calibrated_on": fitted_on}}
    )
    set_constants(network, config)
    save_bundle(out, manifest, network)
    subject = Subject.load(out)
    fits = _cross_fits(recipe, trained, subject, calibrating)
    whole = Report(
        created=datetime.now(UTC).strftime("%Y-%m-%d"),
        commit=commit(),
        prior_of=trained.prior_of,
        calibrations=reports,
        fused=fused_report(subject.bundle.network, config, fullest, fits.get(name)),
        evaluations=_score(recipe, subject, held_out, fits, data),
    )
    (out / "evaluation.json").write_text(whole.model_dump_json(indent=1) + "\n", encoding="utf-8")
    write_card(out)
    (out / "LICENSE").write_text(
        f"{licence_line(recipe)}.\nSee MODEL_CARD.md for the corpora and what follows from them.\n"
    )


def _manifest(recipe: Recipe, trained: _Trained) -> Manifest:
    """Return the manifest as far as it is known before calibration."""
    effective = {m: taught.effective for m, taught in trained.taught.items()}
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
            "data": {m: facts(items) for m, items in trained.items.items()},
            "taught": {m: t.model_dump(mode="json", exclude_defaults=True) for m, t in trained.taught.items()},
        },
    )


def _calibrate(
    recipe: Recipe, trained: _Trained, held_out: Mapping[str, Encoded]
) -> tuple[NetworkConfig, list[CalibrationReport]]:
    """The network's final constants, each modality's fitted on the held-out split of its stage's own corpus, or on
    what was predicted in folds of its training split.

    Corpora that join it have no part: so their held-out splits score what ships, and one corpus's class offsets are not
    evened out by another's. Where [fusion] is fitted, temperatures are then taken from all of its slots alike.
    """
    transfers = _transfers(recipe, trained)
    calibration: dict[Modality, Calibration] = {}
    reports = []
    for m, section in recipe.sections().items():
        encoded, taught = trained.in_folds.get(m, held_out[section.corpus]), trained.taught[m]
        calibration[m] = fit_calibration(encoded, m, taught, transfers[m], taught.effective.reliability)
        in_folds = m in trained.in_folds
        reports.append(report_of(encoded, m, taught, calibration[m], section.corpus, section.transfer, in_folds))
    return trained.network.config.model_copy(update={"calibration": calibration, **_declared(trained)}), reports


def _declared(trained: _Trained) -> dict[str, tuple[float, ...]]:
    """The prior added after fusion, as the network's configuration has it."""
    frequencies = trained.taught[trained.prior_of].own
    return {"prior_emotion": frequencies.prior_emotion, "prior_sentiment": frequencies.prior_sentiment}


def _cross_fits(
    recipe: Recipe, trained: _Trained, subject: Subject, held_out: Mapping[str, Encoded]
) -> dict[str, CrossFit]:
    """Return the constants to score each held-out split by, for the corpora whose held-out split calibrates."""
    network, transfers = subject.bundle.network, _transfers(recipe, trained)
    return {
        name: cross_fit_constants(network, encoded, trained.taught, transfers)
        for name, encoded in held_out.items()
        if not recipe.corpora[name].folds
    }


def _score(
    recipe: Recipe, subject: Subject, held_out: Mapping[str, Encoded], fits: Mapping[str, CrossFit], data: Path
) -> list[Evaluation]:
    """Score each held-out split in each of its styles.

    The constants are fitted without the item's dialogue or actor; constants fitted on the training split, or on another
    corpus, are used as they ship.
    """
    evaluations: list[Evaluation] = []
    for source in (source for source in recipe.sources() if source.name in held_out):
        encoded, fit = held_out[source.name], fits.get(source.name)
        name = source.name if source.name != source.corpus else ""
        evaluations += evaluate(subject, source.corpus, "held-out", encoded, fit, name=name)
        for style in styles(source.corpus)[1:]:
            other = read_split(replace(source, corpus=style), data, "held-out", subject.bundle.tokenizer)
            restyled = encode(subject.bundle.network, other)
            evaluations += evaluate(subject, style, "held-out", restyled, fit, name=name)
    return evaluations


def _transfers(recipe: Recipe, trained: _Trained) -> dict[Modality, float | None]:
    """Per modality; None where the gates were trained, and so keep the reliabilities they were trained with."""
    return {m: None if trained.fusion_trained else section.transfer for m, section in recipe.sections().items()}


def _held_out(bundle: Bundle, source: Source, data: Path) -> Encoded | None:
    """The held-out split of a corpus; None for one that joins another and holds nothing out, which is not scored."""
    examples = read_split(source, data, "held-out", bundle.tokenizer)
    return encode(bundle.network, examples) if len(examples) or not source.share else None
