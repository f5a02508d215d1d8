"""How each modality is trained: in a module with the name of the one in `model.modalities`, a class `RECIPE`.

It is the modality's section of a recipe, and knows what belongs to it: augmentation, and what of its evidence is
cached. These modules import no torch and no numpy at the top: launching a job reads recipes where there is neither.
"""
