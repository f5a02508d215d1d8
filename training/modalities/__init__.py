"""Training of each modality: a module named as in `model.modalities`, with a class `RECIPE`.

`RECIPE` is the modality's section of a recipe, with its augmentation and its form in the feature cache. Importing these
modules does not import torch or numpy, which are not available where SageMaker jobs are launched.
"""
