"""Training of each modality: a module named as in `model.modalities`, with a class `RECIPE`.

It is the modality's section of a recipe, and knows what belongs to it: augmentation, and what of its evidence is
cached. These modules import no torch and no numpy at the top: launching a job reads recipes where there is neither.
"""
