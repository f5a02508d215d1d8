"""Where a bundle comes from: the data, and the class frequencies each modality was taught with."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from model.bundle import Manifest
from model.contract import Modality
from model.network import Calibration, NetworkConfig
from training.data.training_items import data_hash


def facts(contents: Sequence[str]) -> dict[str, object]:
    """How many items a set of data has, and one hash over them; order and repetition make no difference."""
    return {"items": len(set(contents)), "sha256": data_hash(contents)}


class TaughtBy(BaseModel):
    """One of several corpora that taught a modality together."""

    model_config = ConfigDict(frozen=True)
    corpus: str  # entry of training.corpora
    share: float  # of the examples of an epoch
    items: int  # in its training split
    frequencies: Calibration  # of its training split; only its priors count, here and below


class Taught(BaseModel):
    """The class distributions of what a modality learned from: as they occurred, and as its loss saw them."""

    model_config = ConfigDict(frozen=True)
    frequencies: Calibration
    effective: Calibration  # differs from the frequencies where the loss was balanced; logits are under this one
    corpora: dict[str, TaughtBy] = {}  # by their names in the recipe, the stage's own first; empty where there is one

    @property
    def own(self) -> Calibration:
        """The frequencies of the stage's own corpus, which calibrates."""
        return next((by.frequencies for by in self.corpora.values()), self.frequencies)

    def of(self, corpus: str) -> Calibration:
        """The frequencies of one of its corpora; those of its own for a name that is not among several."""
        return self.corpora[corpus].frequencies if corpus in self.corpora else self.own

    @classmethod
    def noted(cls, effective: Calibration, balance: float, corpora: Mapping[str, TaughtBy] | None = None) -> "Taught":
        """From what training noted: effective is frequency^(1 - balance). Fully balanced, nothing is left of it."""
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


def part_of(training: Mapping[str, object], name: str) -> dict[str, Any]:
    """A part of what a manifest says of training; empty where it does not."""
    kept = training.get(name)
    return kept if isinstance(kept, dict) else {}


def taught_of(manifest: Manifest) -> dict[Modality, Taught]:
    """What a bundle's modalities were taught with.

    A bundle from before this was kept has no class offsets either: its calibration holds the frequencies.
    """
    kept = part_of(manifest.training, "taught")
    if kept:
        return {m: Taught.model_validate(kept[m]) for m in manifest.network.modalities}
    calibration = manifest.network.calibration
    return {
        m: Taught.noted(_priors_of(calibration.get(m, Calibration.uninformed())), 0.0)
        for m in manifest.network.modalities
    }


def learned_from(manifest: Manifest, modality: Modality, corpus: str) -> str | None:
    """Return the name of the corpus that a modality learned from, if this is it, in whichever of its styles.

    Its own is taken for granted where nothing is kept. None if it learned from others.
    """
    taught_by = corpora_of(manifest, modality)
    if not taught_by:
        return corpus
    own, *joined = taught_by
    if corpus.split("-")[0] == own.split("-")[0]:
        return own
    return next((name for name in joined if name == corpus.removesuffix("-plain")), None)


def corpora_of(manifest: Manifest, modality: Modality) -> list[str]:
    """Return the names of the corpora that a modality learned from, its stage's own first; none where the manifest
    keeps no recipe.
    """
    recipe = part_of(manifest.training, "recipe")
    section = part_of(recipe, modality)
    if not section:
        return []
    own = str(section["corpus"])
    return [own, *part_of(part_of(part_of(recipe, "corpora"), own), "joined")]


def uncalibrated(config: NetworkConfig, taught: Mapping[Modality, Taught]) -> NetworkConfig:
    """The same constants before calibration; the shares of the modalities stay."""
    before = {
        m: taught[m].effective.model_copy(update={"reliability": fitted.reliability})
        for m, fitted in config.calibration.items()
    }
    return config.with_fused_temperatures().model_copy(update={"calibration": before})


def _priors_of(fitted: Calibration) -> Calibration:
    return Calibration(prior_emotion=fitted.prior_emotion, prior_sentiment=fitted.prior_sentiment)


def _sharpened(prior: Sequence[float], power: float) -> tuple[float, ...]:
    powers = [p**power for p in prior]
    return tuple(p / sum(powers) for p in powers)
