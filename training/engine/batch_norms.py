"""Statistics for batch norms whose weights are an average.

What the layers of averaged weights put out was never seen in training: the averages of each step's statistics are not
the statistics of the average (Izmailov et al. 2018, "Averaging weights leads to wider optima", section 3.2). Besides,
training sees faces turned, cut and partly covered, and serving sees them whole, and closer up (FaceEncoder). So at the
end the statistics are taken once more, of training examples as serving would see them.
"""

import copy
from collections.abc import Iterable, Sequence
from itertools import islice

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from model.contract import Modality
from model.network import EmotionNetwork
from training.corpora import Example
from training.engine.optim import precision_of

BATCHES = 100  # with the starter's batches 12,800 faces, four looks at each: a minute


@torch.no_grad()
def refit_batch_norms(
    network: EmotionNetwork,
    modalities: Sequence[Modality],
    examples: Sequence[Example],
    batches: Iterable[Sequence[int]],
    frozen: Sequence[nn.Module] = (),
) -> None:
    """Take the statistics of the encoders' batch norms anew, and leave the network in evaluation mode.

    `batches` holds indices of examples, of which BATCHES are looked at. Norms within `frozen` stay as they are, as do
    those of a modality that none of these examples has.
    """
    network.eval()
    kept = {norm for module in frozen for norm in _norms(module)}
    learned = {m: [norm for norm in _norms(network.encoders[m]) if norm not in kept] for m in modalities}
    before = {norm: (norm.momentum, copy.deepcopy(norm.state_dict())) for norms in learned.values() for norm in norms}
    if not before:
        return
    for norm in before:
        norm.reset_running_stats()
        norm.momentum = None  # the mean over all that is seen from now on
        norm.train()
    for batch in islice(batches, BATCHES):
        samples = [examples[i].sample for i in batch]
        for modality, norms in learned.items():
            spec, there = network.specs[modality], [s.get(modality) for s in samples if s.get(modality) is not None]
            if norms and there:
                with precision_of(spec):
                    network.embed(modality, spec.collate(there), len(there))
    for norm, (momentum, state) in before.items():
        norm.momentum = momentum
        if int(norm.get_buffer("num_batches_tracked")) == 0:
            norm.load_state_dict(state)
    network.eval()


def _norms(module: nn.Module) -> list[_BatchNorm]:
    return [part for part in module.modules() if isinstance(part, _BatchNorm)]
