"""Bundles: trained networks as folders of `config.json`, `weights.safetensors` and `MODEL_CARD.md`.

The weights file holds only the tensors that differ from the public encoders named in the configuration, in half
precision. Loading fails for a bundle with other labels, or with other preprocessing of a modality, because its
predictions would be wrong. Older formats are converted when they are read (`model.bundle_formats`).
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
    """A bundle cannot be loaded. The message names it, the cause and a remedy."""


class Manifest(BaseModel):
    """`config.json` of a bundle."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: int = FORMAT
    name: str
    version: str
    licence: str
    emotions: tuple[str, ...] = EMOTIONS
    sentiments: tuple[str, ...] = SENTIMENTS
    languages: tuple[str, ...] = ("en",)  # ISO 639-1 codes that the text encoder supports
    public_encoders: dict[Modality, str] = {}  # modality -> entry of weights.CATALOG
    tokenizer: str | None = None  # entry of weights.CATALOG
    fusion_trained: bool = False  # whether gates and joint head were trained on multimodal samples
    network: NetworkConfig
    preprocess_ids: dict[Modality, str] = Field(default_factory=lambda known: _preprocess_ids(known.get("network")))
    training: dict[str, object] = {}  # provenance, for the model card and the training tools


def _preprocess_ids(network: NetworkConfig | None) -> dict[Modality, str]:
    """Return the ids of the current preprocessing, by the network's modalities."""
    return {} if network is None else {m: spec.preprocess_id for m, spec in network.specs.items()}


@dataclass(frozen=True)
class Bundle:
    """A network ready to predict, with its configuration and tokenizer."""

    manifest: Manifest
    network: EmotionNetwork
    tokenizer: Tokenizer | None
    prior: Prior = "declared"  # class frequencies that the network assumes


def load_bundle(name: str | Path = DEFAULT_BUNDLE, device: str = "cpu", prior: Prior = "declared") -> Bundle:
    """Load a bundle by its name under `model/bundles/`, or by its folder.

    Raises BundleError, or WeightsError when a public encoder cannot be fetched.
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
            raise BundleError(f"bundle {folder}: {error}") from error
        public |= {f"encoders.{modality}.{key}" for key in loaded}
    _load_weights(network, folder, public)
    return Bundle(manifest, _prepared(network, device), _tokenizer(manifest), prior)


def _tokenizer(manifest: Manifest) -> Tokenizer | None:
    """Load the bundle's tokenizer: that of the modality that reads text."""
    if manifest.tokenizer is None:
        return None
    load = next((spec.tokenizer for spec in manifest.network.specs.values() if spec.tokenizer is not None), None)
    return load(catalog.fetch(manifest.tokenizer)) if load is not None else None


def save_bundle(folder: Path, manifest: Manifest, network: EmotionNetwork) -> None:
    """Write `config.json` and `weights.safetensors`, without the tensors that equal those of a public encoder."""
    folder.mkdir(parents=True, exist_ok=True)
    public = {str(m): public_state(network.encoder(m), p) for m, p in manifest.public_encoders.items()}
    own = {}
    for key, value in network.state_dict().items():
        encoder, _, name = key.removeprefix("encoders.").partition(".")
        original = public.get(encoder, {}).get(name)
        if original is None or not torch.equal(original, value):
            own[key] = (value.half() if value.is_floating_point() else value).contiguous()
    save_file(own, folder / "weights.safetensors")
    (folder / "weights.safetensors").chmod(0o644)  # safetensors creates it as private
    save_manifest(folder, manifest)


def save_manifest(folder: Path, manifest: Manifest) -> None:
    """Write `config.json` alone: calibration and fusion change constants, not weights."""
    text = json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False)
    (folder / "config.json").write_text(text + "\n", encoding="utf-8")


def find_bundle(name: str | Path) -> Path:
    """Return the folder of a bundle given by name or path. Raises BundleError."""
    for folder in (Path(name), BUNDLES / name):
        if (folder / "config.json").is_file():
            return folder
    known = ", ".join(sorted(p.parent.name for p in BUNDLES.glob("*/config.json"))) or "none"
    raise BundleError(f"no bundle {str(name)!r}: pass a folder with a config.json, or one of: {known}")


def read_manifest(folder: Path) -> Manifest:
    """Return a bundle's configuration, checked against the current labels and preprocessing. Raises BundleError."""
    try:
        written = json.loads((folder / "config.json").read_bytes())
        manifest = Manifest.model_validate(upgraded(written))
    except (FormatError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BundleError(f"bundle {folder}: config.json {error}") from error
    except ValidationError as error:
        problem = error.errors()[0]
        place = ".".join(map(str, problem["loc"]))
        raise BundleError(f"bundle {folder}: config.json is invalid at {place!r}: {problem['msg']}") from error
    for what, theirs, ours in (
        ("emotion labels", manifest.emotions, EMOTIONS),
        ("sentiment labels", manifest.sentiments, SENTIMENTS),
    ):
        if theirs != ours:
            raise BundleError(
                f"bundle {folder} was trained with other {what} ({theirs}) than this version has ({ours}); "
                "use this version's bundle, or retrain it"
            )
    for modality, spec in manifest.network.specs.items():
        if (theirs_id := manifest.preprocess_ids.get(modality)) != spec.preprocess_id:
            raise BundleError(
                f"bundle {folder} was trained with other preprocessing of {modality} ({theirs_id}) than this "
                f"version has ({spec.preprocess_id}); use this version's bundle, or retrain {modality}: "
                f"python -m training.train --only {modality}"
            )
    return manifest


def _load_weights(network: EmotionNetwork, folder: Path, public: set[str]) -> None:
    """Load a bundle's weights; every weight must come from the bundle or from a public encoder."""
    try:
        own = load_file(folder / "weights.safetensors")
    except (OSError, SafetensorError) as error:
        raise BundleError(f"bundle {folder}: weights.safetensors is missing or damaged ({error})") from error
    wanted = network.state_dict()
    wrong = [key for key, value in own.items() if key not in wanted or wanted[key].shape != value.shape]
    wrong += [key for key in wanted if key not in own and key not in public and "position_ids" not in key]
    if wrong:
        raise BundleError(f"bundle {folder}: weights.safetensors does not match config.json (at {wrong[0]})")
    network.load_state_dict(own, strict=False)  # converts to single precision weight by weight


def _prepared(network: EmotionNetwork, device: str) -> EmotionNetwork:
    """Put a network into evaluation mode on a device, in the device's fastest precision and memory layout."""
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
    """Fold batch norms into the convolutions before them, in place; each saves a pass over memory."""
    for child in module.children():
        fold_batch_norms(child)
    if isinstance(module, nn.Sequential):
        for i, (first, second) in enumerate(itertools.pairwise(module)):
            if isinstance(first, nn.Conv2d | nn.Conv3d) and isinstance(second, _BatchNorm):
                module[i], module[i + 1] = fuse_conv_bn_eval(first, second), nn.Identity()


def has_fast_bfloat16() -> bool:
    """Return True when this CPU supports bfloat16 natively (AVX512-BF16 or AMX): R3D-18 is then 3.5 times as fast.

    On other CPUs bfloat16 is emulated and slower than float32.
    """
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in flags or "amx_bf16" in flags
