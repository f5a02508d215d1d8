"""Bundles: a trained network as a folder of `config.json`, `weights.safetensors` and `MODEL_CARD.md`.

The weights hold only what differs from the public encoders that the configuration names, in half
precision. A bundle whose labels are not this code's, or one of whose modalities is preprocessed otherwise,
is refused: it would answer, and answer wrongly. Older formats are converted as they are read (bundle_formats).
"""

import itertools
import json
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.fusion import fuse_conv_bn_eval

from model.bundle_formats import FORMAT, FormatError, upgraded
from model.contract import EMOTIONS, SENTIMENTS, Modality, Prior
from model.modalities.base import EncoderError, Tokenizer
from model.modalities.registry import load_public_encoder, public_state
from model.network import EmotionNetwork, NetworkConfig
from model.weights import catalog

BUNDLES = Path(__file__).resolve().parent / "bundles"
DEFAULT_BUNDLE = "starter"


class BundleError(Exception):
    """A bundle cannot be loaded. The message says which, why, and what to do."""


class Manifest(BaseModel):
    """`config.json` of a bundle."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: int = FORMAT
    name: str
    version: str
    licence: str
    emotions: tuple[str, ...] = EMOTIONS
    sentiments: tuple[str, ...] = SENTIMENTS
    languages: tuple[str, ...] = ("en",)  # that its text encoder reads
    public_encoders: dict[Modality, str] = {}  # modality -> entry of weights.CATALOG
    tokenizer: str | None = None  # entry of weights.CATALOG
    fusion_trained: bool = False  # whether gates and joint head were trained on multimodal samples
    network: NetworkConfig
    preprocess_ids: dict[Modality, str] = Field(default_factory=lambda known: _preprocess_ids(known.get("network")))
    training: dict[str, object] = {}  # how it was made: for people and training's own tools


def _preprocess_ids(network: NetworkConfig | None) -> dict[Modality, str]:
    """Return the ids of this code's preprocessing, by the network's modalities."""
    return {} if network is None else {m: spec.preprocess_id for m, spec in network.specs.items()}


@dataclass(frozen=True)
class Bundle:
    """A network ready to predict, and what its inputs need."""

    manifest: Manifest
    network: EmotionNetwork
    tokenizer: Tokenizer | None
    prior: Prior = "declared"  # that the network predicts under


def load_bundle(name: str | Path = DEFAULT_BUNDLE, device: str = "cpu", prior: Prior = "declared") -> Bundle:
    """Load a bundle by the name it has under `model/bundles/`, or by its folder.

    Raises BundleError, or weights.WeightsError where a public encoder cannot be fetched.
    """
    folder = find_bundle(name)
    manifest = read_manifest(folder)
    config = manifest.network if prior == "declared" else manifest.network.with_uniform_prior()
    network = EmotionNetwork(config)
    public: set[str] = set()
    for modality, entry in manifest.public_encoders.items():
        try:
            loaded = load_public_encoder(network.encoder(modality), entry)
        except EncoderError as error:
            raise BundleError(f"the bundle {folder}: {error}") from error
        public |= {f"encoders.{modality}.{key}" for key in loaded}
    _overlay(network, folder, public)
    return Bundle(manifest, _prepared(network, device), _tokenizer(manifest), prior)


def _tokenizer(manifest: Manifest) -> Tokenizer | None:
    """The one tokenizer that a bundle has: of the modality that reads words."""
    if manifest.tokenizer is None:
        return None
    load = next((spec.tokenizer for spec in manifest.network.specs.values() if spec.tokenizer is not None), None)
    return load(catalog.fetch(manifest.tokenizer)) if load is not None else None


def save_bundle(folder: Path, manifest: Manifest, network: EmotionNetwork) -> None:
    """Write `config.json` and `weights.safetensors`; what equals the public encoders is left out."""
    folder.mkdir(parents=True, exist_ok=True)
    public = {str(m): public_state(network.encoder(m), p) for m, p in manifest.public_encoders.items()}
    own = {}
    for key, value in network.state_dict().items():
        encoder, _, name = key.removeprefix("encoders.").partition(".")
        original = public.get(encoder, {}).get(name)
        if original is None or not torch.equal(original, value):
            own[key] = (value.half() if value.is_floating_point() else value).contiguous()
    save_file(own, folder / "weights.safetensors")
    (folder / "weights.safetensors").chmod(0o644)  # safetensors makes it private; a bundle is to be shared
    save_manifest(folder, manifest)


def save_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `config.json` alone: constants change with calibration and fusion, weights do not."""
    text = json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False)
    (folder / "config.json").write_text(text + "\n", encoding="utf-8")


def find_bundle(name: str | Path) -> Path:
    """The folder of a bundle given by name or path. Raises BundleError."""
    for folder in (Path(name), BUNDLES / name):
        if (folder / "config.json").is_file():
            return folder
    known = ", ".join(sorted(p.parent.name for p in BUNDLES.glob("*/config.json"))) or "none"
    raise BundleError(f"there is no bundle {str(name)!r}: give a folder with a config.json, or one of: {known}")


def read_manifest(folder: Path) -> Manifest:
    """A bundle's configuration, checked against this code. Raises BundleError."""
    try:
        written = json.loads((folder / "config.json").read_bytes())
        manifest = Manifest.model_validate(upgraded(written))
    except (FormatError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BundleError(f"the bundle {folder}: config.json {error}") from error
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(map(str, problem["loc"]))
        raise BundleError(f"the bundle {folder}: config.json is not valid at {place!r}: {problem['msg']}") from error
    for what, theirs, ours in (
        ("emotion labels", manifest.emotions, EMOTIONS),
        ("sentiment labels", manifest.sentiments, SENTIMENTS),
    ):
        if theirs != ours:
            raise BundleError(
                f"the bundle {folder} was made for other {what} ({theirs}) than this version has ({ours}); "
                "use the bundle of this version, or train it again"
            )
    for modality, spec in manifest.network.specs.items():
        if (theirs_id := manifest.preprocess_ids.get(modality)) != spec.preprocess_id:
            raise BundleError(
                f"the bundle {folder} was trained with another preprocessing of {modality} ({theirs_id}) than this "
                f"version has ({spec.preprocess_id}); use the bundle of this version, or train {modality} again: "
                f"python -m training.train --only {modality}"
            )
    return manifest


def _overlay(network: EmotionNetwork, folder: Path, public: set[str]) -> None:
    """Lay a bundle's weights over the network; every weight must come from it or from a public encoder."""
    try:
        own = load_file(folder / "weights.safetensors")
    except (OSError, SafetensorError) as error:
        raise BundleError(f"the bundle {folder}: its weights.safetensors is missing or damaged ({error})") from error
    wanted = network.state_dict()
    wrong = [key for key, value in own.items() if key not in wanted or wanted[key].shape != value.shape]
    wrong += [key for key in wanted if key not in own and key not in public and "position_ids" not in key]
    if wrong:
        raise BundleError(f"the bundle {folder}: weights.safetensors does not fit its config.json (at {wrong[0]})")
    network.load_state_dict(own, strict=False)  # copies into single precision weight by weight


def _prepared(network: EmotionNetwork, device: str) -> EmotionNetwork:
    """Put a network into evaluation mode on its device, in the fastest precision and memory layout there."""
    network = network.eval().requires_grad_(False)
    fold_batch_norms(network)
    network = network.to(device)
    fast = device == "cuda" or has_fast_bfloat16()
    for modality, spec in network.specs.items():
        encoder = network.encoder(modality)
        for part in encoder.pretrained() if fast else ():
            part.to(torch.bfloat16)
        if spec.layout is not None:
            encoder.to(memory_format=spec.layout)  # type: ignore[call-overload]
    return network


def fold_batch_norms(module: nn.Module) -> None:
    """Work the batch norms into the convolutions before them, which saves a pass over memory each; in place."""
    for child in module.children():
        fold_batch_norms(child)
    if isinstance(module, nn.Sequential):
        for i, (first, second) in enumerate(itertools.pairwise(module)):
            if isinstance(first, nn.Conv2d | nn.Conv3d) and isinstance(second, _BatchNorm):
                module[i], module[i + 1] = fuse_conv_bn_eval(first, second), nn.Identity()


def has_fast_bfloat16() -> bool:
    """Return True when this CPU multiplies bfloat16 natively (AVX512-BF16 or AMX): R3D-18 is then 3.5 times as fast.

    Elsewhere bfloat16 is emulated and slower than float32.
    """
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
