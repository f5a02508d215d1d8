"""Versions of a bundle's `config.json`, and the upgrade of older ones to the current one.

    1  up to 0.6.0: one preprocessing id for all modalities; encoders' shapes in four different forms
    2  `network.encoders` holds each modality's configuration, `preprocess_ids` each modality's id

The names in `weights.safetensors` never changed.
"""

from collections.abc import Mapping
from typing import Any

from model.contract import Modality

FORMAT = 2
PARTS: dict[str, Modality] = {"whispermel": "audio", "face": "face", "clip": "video", "tokens": "text"}


class FormatError(ValueError):
    """A `config.json` has an unsupported format. The message continues a sentence that begins with the file's name."""


def upgraded(written: Any) -> dict[str, Any]:
    """Return the content of a `config.json` in the current format. Raises FormatError."""
    if not isinstance(written, dict):
        raise FormatError("is not a JSON object")
    version = written.get("format")
    if not isinstance(version, int) or not 1 <= version <= FORMAT:
        raise FormatError(
            f"has format {version!r}; this version supports formats 1 to {FORMAT}. Install the version of "
            "video-sentiment that wrote it, or retrain the bundle (python -m training.train)"
        )
    return _from_1(written) if version == 1 else written


def _from_1(written: Mapping[str, Any]) -> dict[str, Any]:
    """Upgrade format 1. Missing or malformed parts are left to the validation, which reports them."""
    kept = {key: value for key, value in written.items() if key != "preprocess_id"}
    network = kept.get("network")
    if isinstance(network, dict):
        kept["network"] = {
            "encoders": _encoders_of_1(network),
            **{key: value for key, value in network.items() if key not in ("text", "audio", "video", "face_width")},
        }
    return {**kept, "format": FORMAT, "preprocess_ids": _preprocess_ids_of_1(str(written.get("preprocess_id", "")))}


def _encoders_of_1(network: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if (bert := network.get("text")) is not None:
        found["text"] = {"kind": "bert", "bert": bert}
    if isinstance(voice := network.get("audio"), dict):
        found["audio"] = {"kind": "whisper", **voice}
    if network.get("video"):
        found["video"] = {"kind": "r3d18"}
    if (width := network.get("face_width")) is not None:
        found["face"] = {"kind": "residual", "width": width}
    return found


def _preprocess_ids_of_1(combined: str) -> dict[Modality, str]:
    """Split the id of format 1, such as `v2/whispermel80/face48x16/...`: one version, then a part per modality."""
    version, *parts = combined.split("/")
    return {
        modality: f"{part}/{version}" for part in parts for prefix, modality in PARTS.items() if part.startswith(prefix)
    }
