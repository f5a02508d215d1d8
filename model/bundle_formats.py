"""The formats that a bundle's `config.json` has had, and how an older one becomes the current one.

    1  up to 0.6.0: one preprocessing id for all modalities; an encoder's shape in four different forms
    2  `network.encoders` holds each modality's configuration, `preprocess_ids` each modality's id

Only `config.json` is concerned: weights have had the same names all along.
"""

from collections.abc import Mapping
from typing import Any

from model.contract import Modality

FORMAT = 2
PARTS: dict[str, Modality] = {"whispermel": "audio", "face": "face", "clip": "video", "tokens": "text"}


class FormatError(ValueError):
    """A `config.json` has a format that this version does not read. The message goes on after its name."""


def upgraded(written: Any) -> dict[str, Any]:
    """The content of a `config.json` in the current format. Raises FormatError."""
    if not isinstance(written, dict):
        raise FormatError("holds no object")
    version = written.get("format")
    if not isinstance(version, int) or not 1 <= version <= FORMAT:
        raise FormatError(
            f"has format {version!r}, and this version reads formats 1 to {FORMAT}: install the version of "
            "video-sentiment that wrote it, or train the bundle again (python -m training.train)"
        )
    return _from_1(written) if version == 1 else written


def _from_1(written: Mapping[str, Any]) -> dict[str, Any]:
    """Upgrade format 1. Parts that are missing or malformed are left to the validation, which names them."""
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


def _preprocess_ids_of_1(whole: str) -> dict[Modality, str]:
    """`v2/whispermel80/face48x16/...`: the version was one for all, and each part begins with what it is of."""
    version, *parts = whole.split("/")
    return {
        modality: f"{part}/{version}" for part in parts for prefix, modality in PARTS.items() if part.startswith(prefix)
    }
