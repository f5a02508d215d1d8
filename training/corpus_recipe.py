"""One corpus's section of a recipe, and the kinds of shares that recipes are written in. Without torch."""

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0.0, le=1.0)]  # a chance, or a part of something that may be all of it
PartialShare = Annotated[float, Field(ge=0.0, lt=1.0)]  # a part that must leave something of the rest
Amount = Annotated[float, Field(ge=0.0)]


class JoinedRecipe(BaseModel):
    """Options of a corpus that is learned together with another, whose training options are followed for both."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    corpus: str | None = None  # of training.corpora, where its name in the recipe is another
    folder: str  # under --data
    licence: str | None = None  # of the folder, where its format is not one corpus's own
    share: float = Field(gt=0.0, lt=1.0)  # of the examples of each epoch
    join_share: Share = 0.0  # these as in CorpusRecipe
    context_dropout: Share = 0.0
    plain_share: Share = 0.0
    transcribed_share: Share = 0.0
    votes: bool = False
    sentiments: bool = True  # false: the emotions alone are learned, where sentiments would only follow from them
    teacher: str | None = None
    teachers: int = Field(default=1, gt=0)


class CorpusRecipe(BaseModel):
    """Training options of one corpus. Augmentation and weighting are off by default."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    folder: str  # under --data
    epochs: int = Field(gt=0)
    batch: int = Field(gt=0)
    accumulate: int = Field(default=1, gt=0)  # batches an optimiser step adds up, for small GPUs
    warm_up: PartialShare = 0.1  # of the steps, then a cosine down to zero
    optimiser: Literal["adamw", "sgd"] = "adamw"  # sgd: with Nesterov's momentum, for what starts from nothing
    weight_decay: Amount = 0.01  # of matrices and filters, not of biases and norms
    clip_gradient: float = Field(default=1.0, gt=0.0)
    label_smoothing: PartialShare = 0.0
    average_decay: PartialShare = 0.99  # of the exponential moving average of the weights, per step
    class_balance: PartialShare = 0.0  # losses weigh classes by frequency ** -this
    focal: Amount = 0.0  # exponent of focal loss (Lin et al. 2017); 0 is cross-entropy
    score_every: int = Field(default=1, gt=0)  # epochs, and after the last: it shows the course, and costs time
    selection: PartialShare = 0.0  # of the training groups kept to choose the best epoch by; 0: the last one
    patience: int = Field(default=3, gt=0)  # epochs without a better one before training stops, with a selection
    modality_dropout: Share = 0.0  # chance of each modality of an utterance to be left out, but the last
    calm_share: PartialShare = 0.0  # of the epochs, at the end, without mixup, erasing and crops: the data as it is
    join_share: Share = 0.0  # of the audio that comes with another of the same speaker and emotion behind it
    variants: int = Field(default=0, ge=0)  # of each input, through a frozen encoder once and kept; 0: new ones always
    folds: int = Field(default=0, ge=0)  # of its groups, to calibrate by predictions for each without it; 0: held-out
    context_dropout: Share = 0.0  # chance of an utterance to come without what was said before it
    plain_share: Share = 0.0  # of the epochs' words that come without case and punctuation
    transcribed_share: Share = 0.0  # of them that come with the punctuation of transcribers: no exclamation marks
    leave_out: bool = False  # of several corpora each in turn, in networks of their own: slots of [fusion]
    votes: bool = False  # people's votes are learned as shares, instead of the one label that most of them gave
    remembered_share: PartialShare = 0.0  # of the loss at the end: engine.self_distillation
    teacher: str | None = None  # whose soft labels join the corpus's own: an entry of training.teachers
    teachers: int = Field(default=1, gt=0)  # their predictions are averaged; every second one reads utterances alone
    teacher_share: float = Field(default=0.5, gt=0.0, lt=1.0)  # of the loss of utterances that a teacher labeled
    joined: dict[str, JoinedRecipe] = {}  # corpora that are learned together with this one, by their names in reports


DataOptions: TypeAlias = CorpusRecipe | JoinedRecipe  # either has those of how its own examples are varied
