"""A recipe's network: built, its public encoders loaded, and its trained modalities put back."""

from pathlib import Path

from safetensors.torch import load_file

from model import weights
from model.bundle import load_public_encoder
from model.compat import ensure_torchvision
from model.contract import Modality
from model.features import TextTokenizer
from model.network import Calibration, EmotionNetwork, NetworkConfig
from training.loop import Part
from training.recipe import Recipe


def build_network(plan: Recipe, modalities: list[Modality]) -> EmotionNetwork:
    """The recipe's network with the given modalities, public encoders loaded, the rest fresh."""
    sections = {m: s for m, s in plan.sections().items() if m in modalities}
    text = sections.get("text")
    config = NetworkConfig(
        text=None if text is None else bert_config(text.public_encoder or ""),
        audio_width=sections["audio"].width if "audio" in sections else None,
        face_width=sections["face"].width if "face" in sections else None,
        video="video" in sections,
    )
    network = EmotionNetwork(config)
    if text is not None and text.public_encoder is not None:
        load_public_encoder(network.encoders["text"], text.public_encoder)
        for parameter in network.encoders["text"].bert.embeddings.parameters():  # type: ignore[union-attr]
            parameter.requires_grad_(False)
    return network


def load_trained(plan: Recipe, work: Path) -> tuple[EmotionNetwork, dict[Modality, Calibration]]:
    """All modalities of the recipe with their trained weights, and what training noted of each."""
    network = build_network(plan, list(plan.sections()))
    notes: dict[Modality, Calibration] = {}
    for modality in network.modalities:
        Part(network, modality).load_state_dict(load_file(work / f"{modality}.safetensors"))
        notes[modality] = Calibration.model_validate_json((work / f"{modality}.json").read_text())
    return network.eval(), notes


def tokenizer_of(plan: Recipe) -> TextTokenizer | None:
    if plan.text is None or plan.text.public_encoder is None:
        return None
    return TextTokenizer(weights.fetch(plan.text.public_encoder) / "tokenizer.json")


def bert_config(public_encoder: str) -> dict[str, object]:
    """Only what differs from transformers' defaults for BERT."""
    ensure_torchvision()
    from transformers import BertConfig  # it imports torchvision

    config = BertConfig.from_json_file(weights.fetch(public_encoder) / "config.json")
    return dict(config.to_diff_dict())
