"""Corpus sections of a recipe, and numeric types of its options. Does not import torch."""

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0.0, le=1.0)]  # a probability, or a share that may be everything
PartialShare = Annotated[float, Field(ge=0.0, lt=1.0)]  # a share that must be less than everything
Amount = Annotated[float, Field(ge=0.0)]


class JoinedRecipe(BaseModel):
    """Options of a corpus joined to another one, whose training options apply to both."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    corpus: str | None = None  # entry of training.corpora, if its name in the recipe differs
    folder: str  # under --data
    licence: str | None = None  # of the folder, for formats that are not those of one corpus
    share: float = Field(gt=0.0, lt=1.0)  # of the examples of each epoch
    join_share: Share = 0.0  # this and the next three as in CorpusRecipe
    context_dropout: Share = 0.0
    plain_share: Share = 0.0
    transcribed_share: Share = 0.0
    votes: bool = False
    sentiments: bool = True  # False: train on emotions only, for corpora whose sentiments are derived from them
    teacher: str | None = None
    teachers: int = Field(default=1, gt=0)


class CorpusRecipe(BaseModel):
    """Training options of one corpus. Augmentation and weighting are off by default."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    folder: str  # under --data
    epochs: int = Field(gt=0)
    batch: int = Field(gt=0)
    accumulate: int = Field(default=1, gt=0)  # batches per optimizer step, for small GPUs
    warm_up: PartialShare = 0.1  # share of the steps; then cosine decay to zero
    optimiser: Literal["adamw", "sgd"] = "adamw"  # sgd: with Nesterov momentum, for training from scratch
    weight_decay: Amount = 0.01  # of matrices and filters, not of biases and norms
    clip_gradient: float = Field(default=1.0, gt=0.0)
    label_smoothing: PartialShare = 0.0
    average_decay: PartialShare = 0.99  # of the exponential moving average of the weights, per step
    class_balance: PartialShare = 0.0  # class weights in the loss are frequency ** -class_balance
    focal: Amount = 0.0  # exponent of focal loss (Lin et al. 2017); 0 is cross-entropy
    score_every: int = Field(default=1, gt=0)  # epochs between dev scores; also after the last epoch
    selection: PartialShare = 0.0  # share of training groups set aside to select the epoch; 0: use the last epoch
    patience: int = Field(default=3, gt=0)  # epochs without improvement before early stopping; needs selection
    modality_dropout: Share = 0.0  # probability of dropping each modality of an utterance; one always remains
    calm_share: PartialShare = 0.0  # share of epochs, at the end, without mixup, erasing and crops
    join_share: Share = 0.0  # share of audio concatenated with another clip of the same speaker and emotion
    variants: int = Field(default=0, ge=0)  # cached augmented variants per input, through a frozen encoder; 0: no cache
    folds: int = Field(default=0, ge=0)  # folds of out-of-fold calibration; 0: calibrate on the held-out split
    context_dropout: Share = 0.0  # probability of dropping an utterance's context
    plain_share: Share = 0.0  # share of utterances without case and punctuation
    transcribed_share: Share = 0.0  # share with a transcriber's punctuation: no exclamation marks
    leave_out: bool = False  # leave-one-corpus-out predictions, for slots of [fusion]
    votes: bool = False  # train on the shares of people's votes instead of the majority label
    remembered_share: PartialShare = 0.0  # final weight of self-distillation in the loss
    teacher: str | None = None  # model of training.teachers that provides soft labels
    teachers: int = Field(default=1, gt=0)  # averaged; every second one gets no context
    teacher_share: float = Field(default=0.5, gt=0.0, lt=1.0)  # weight of soft labels in the loss, where present
    joined: dict[str, JoinedRecipe] = {}  # corpora trained on together with this one, by name


DataOptions: TypeAlias = CorpusRecipe | JoinedRecipe  # both have the options of reading and augmentation
