"""Cached outputs of an encoder's frozen part for the training examples, in several augmented variants.

The frozen part is nearly all of the work of training the layers that follow it, so it runs once per variant instead of
once per epoch.
"""

import torch
from torch import Tensor

from model.modalities.base import TwoStageEncoder
from model.network import EmotionNetwork
from training.data.batches import seed_of
from training.data.clip_concat import ClipConcat
from training.data.stage_data import StageContext, StageData

ENCODING_BATCH = 32


@torch.no_grad()
def encode_variants(network: EmotionNetwork, context: StageContext, data: StageData) -> Tensor:
    """Compute `statistics` of a stage's only encoder for n examples in `corpus.variants` variants: [variants, n, ...].

    The first variant is the unaugmented input; the others are concatenated and augmented as the recipe asks.
    """
    (modality,) = context.modalities
    encoder, spec, section = network.encoder(modality), network.specs[modality], context.sections[modality]
    if not isinstance(encoder, TwoStageEncoder):
        raise TypeError(f"variants need an encoder with two stages; that of {modality} has one")
    device = network.log_prior.device
    train, shares = data.train, [options.join_share for options in data.options_of_each(context.stage)]
    joined = ClipConcat(train, shares, data.source_of_each)
    order = sorted(range(len(train)), key=lambda i: train[i].length)
    variants = []
    for variant in range(context.corpus.variants):
        torch.manual_seed(seed_of(context.recipe.seed, "variant", variant))
        parts = []
        for start in range(0, len(order), ENCODING_BATCH):
            examples = [joined(i) if variant else train[i] for i in order[start : start + ENCODING_BATCH]]
            inputs = spec.collate([example.sample.get(modality) for example in examples])
            varied = section.augment(inputs) if variant else inputs
            parts.append(encoder.statistics(*(t.to(device) for t in varied)).cpu())
        variants.append(torch.cat(parts)[torch.tensor(order).argsort()])
    return torch.stack(variants)
