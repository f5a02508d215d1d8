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


class Taught(BaseModel):
    """The class distributions of a modality's corpus: as they occurred, and as its loss saw them."""

    model_config = ConfigDict(frozen=True)
    frequencies: Calibration  # only its priors count, here and below
    effective: Calibration  # differs from the frequencies where the loss was balanced; logits are under this one

    @classmethod
    def noted(cls, effective: Calibration, balance: float) -> "Taught":
        """From what training noted: effective is frequency^(1 - balance). Fully balanced, nothing is left of it."""
        if balance >= 1.0:
            return cls(frequencies=effective, effective=effective)
        power = 1.0 / (1.0 - balance)
        return cls(
            frequencies=Calibration(
                prior_emotion=_sharpened(effective.prior_emotion, power),
                prior_sentiment=_sharpened(effective.prior_sentiment, power),
            ),
            effective=effective,
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


def learned_from(manifest: Manifest, modality: Modality, corpus: str) -> bool:
    """Whether a modality learned from a corpus, in whichever of its styles; taken for granted where nothing is kept."""
    section = part_of(part_of(manifest.training, "recipe"), modality)
    return not section or corpus.split("-")[0] == str(section["corpus"]).split("-")[0]


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
