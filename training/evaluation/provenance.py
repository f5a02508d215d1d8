"""Provenance of a bundle: training data, and class frequencies of each modality's training corpora."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from model.bundle import Manifest
from model.contract import Modality
from model.network import Calibration, NetworkConfig
from training.data.training_items import data_hash


def item_summary(contents: Sequence[str]) -> dict[str, object]:
    """Return the number of distinct items and one hash over them, independent of order."""
    return {"items": len(set(contents)), "sha256": data_hash(contents)}


class TrainingCorpus(BaseModel):
    """One of several training corpora of a modality."""

    model_config = ConfigDict(frozen=True)
    corpus: str  # entry of training.corpora
    share: float  # of each epoch's examples
    items: int  # in its training split
    frequencies: Calibration  # class frequencies of its training split, as priors


class TrainingPriors(BaseModel):
    """Class distributions of a modality's training data, as they occur and as effective in the loss."""

    model_config = ConfigDict(frozen=True)
    frequencies: Calibration
    effective: Calibration  # prior of the logits; differs if the loss was balanced
    corpora: dict[
        str, TrainingCorpus
    ] = {}  # by name in the recipe, the stage's first corpus first; empty if there is only one

    @property
    def own(self) -> Calibration:
        """Frequencies of the stage's first corpus, which calibrates."""
        return next((by.frequencies for by in self.corpora.values()), self.frequencies)

    def of(self, corpus: str) -> Calibration:
        """Return the frequencies of one of several corpora; those of the first for other names."""
        return self.corpora[corpus].frequencies if corpus in self.corpora else self.own

    @classmethod
    def from_effective(
        cls, effective: Calibration, balance: float, corpora: Mapping[str, TrainingCorpus] | None = None
    ) -> "TrainingPriors":
        """Recover the frequencies from the effective prior, which is frequency^(1 - balance).

        With a balance of 1 they cannot be recovered, and the effective prior is used instead.
        """
        by = dict(corpora or {})
        if balance >= 1.0:
            return cls(frequencies=effective, effective=effective, corpora=by)
        power = 1.0 / (1.0 - balance)
        return cls(
            frequencies=Calibration(
                prior_emotion=_sharpened(effective.prior_emotion, power),
                prior_sentiment=_sharpened(effective.prior_sentiment, power),
            ),
            effective=effective,
            corpora=by,
        )


def section_of(training: Mapping[str, object], name: str) -> dict[str, Any]:
    """Return a nested table of a manifest; empty if absent."""
    section = training.get(name)
    return section if isinstance(section, dict) else {}


def training_priors_of(manifest: Manifest) -> dict[Modality, TrainingPriors]:
    """Return the training priors of a bundle's modalities.

    Bundles of older versions do not have them; their calibration holds the frequencies.
    """
    stored = section_of(manifest.training, "taught")
    if stored:
        return {m: TrainingPriors.model_validate(stored[m]) for m in manifest.network.modalities}
    calibration = manifest.network.calibration
    return {
        m: TrainingPriors.from_effective(_priors_of(calibration.get(m, Calibration.uninformed())), 0.0)
        for m in manifest.network.modalities
    }


def training_corpus_name(manifest: Manifest, modality: Modality, corpus: str) -> str | None:
    """Return the name of a modality's training corpus that matches `corpus` in any text style; None if there is none.

    A manifest without a recipe matches every corpus.
    """
    taught_by = training_corpora(manifest, modality)
    if not taught_by:
        return corpus
    own, *joined = taught_by
    if corpus.split("-")[0] == own.split("-")[0]:
        return own
    return next((name for name in joined if name == corpus.removesuffix("-plain")), None)


def training_corpora(manifest: Manifest, modality: Modality) -> list[str]:
    """Return the names of a modality's training corpora, the stage's first corpus first; empty without a recipe."""
    recipe = section_of(manifest.training, "recipe")
    section = section_of(recipe, modality)
    if not section:
        return []
    own = str(section["corpus"])
    return [own, *section_of(section_of(section_of(recipe, "corpora"), own), "joined")]


def uncalibrated(config: NetworkConfig, training_priors: Mapping[Modality, TrainingPriors]) -> NetworkConfig:
    """Return the configuration before calibration, with the reliabilities unchanged."""
    before = {
        m: training_priors[m].effective.model_copy(update={"reliability": fitted.reliability})
        for m, fitted in config.calibration.items()
    }
    return config.with_fused_temperatures().model_copy(update={"calibration": before})


def _priors_of(fitted: Calibration) -> Calibration:
    return Calibration(prior_emotion=fitted.prior_emotion, prior_sentiment=fitted.prior_sentiment)


def _sharpened(prior: Sequence[float], power: float) -> tuple[float, ...]:
    powers = [p**power for p in prior]
    return tuple(p / sum(powers) for p in powers)
