"""A recipe: everything that decides how a bundle is trained, read from TOML and checked.

`[corpora.NAME]` says how a corpus is learned, `[MODALITY]` which corpus teaches a modality and how. Modalities
of one corpus are trained together, as one stage: their utterances have them all. `[corpora.NAME.joined.OTHER]` names
a corpus whose examples are learned together with those of NAME, in the same stage.
"""

import hashlib
import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model, model_validator

from model.contract import MODALITIES, Modality
from training.corpus_recipe import CorpusRecipe as CorpusRecipe
from training.corpus_recipe import DataOptions, JoinedRecipe
from training.modalities.base import ModalityRecipe
from training.modalities.registry import DEFAULT_RECIPES, RECIPES, section_type
from training.recipe_checks import check_stage

JUDGMENTS = "judgments"  # in prior_of: people's labels of everything together
# Options that say how a corpus's own examples are read and varied, of the first as of those that join.
OWN_OPTIONS = tuple(sorted(set(CorpusRecipe.model_fields) & set(JoinedRecipe.model_fields)))
STARTER = Path(__file__).resolve().parent / "starter.toml"
Positive = Annotated[float, Field(gt=0.0)]


class RecipeError(ValueError):
    """A recipe is missing or wrong; the message is one line, without the file's name."""


class SlotRecipe(BaseModel):
    """Samples of one corpus that fill a modality's slot in composed items (see training.fusion.composing)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str  # in reports
    corpus: str  # of training.corpora
    folder: str  # under --data
    split: Literal["train", "held-out", "test", "all"] = "held-out"  # never one that an encoder learned from
    home: bool = False  # whether the encoder learned from other parts of this corpus
    left_out: str | None = None  # a corpus of the recipe: predictions for what it taught, by a network without it
    licence: str | None = None  # of the folder, where its format is not one corpus's own


class FusionRecipe(BaseModel):
    """Options of fitting the additive fusion where no corpus has several modalities of one utterance."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    judgments: str  # under --data: what people called words, voice, face and all together
    judgments_licence: str
    votes: str | None = None  # CREMA-D's votes: for the comparison of soft slots
    votes_licence: str | None = None
    draws: int = Field(default=3, gt=0)  # of each row
    shrink_weights: tuple[Positive, ...] = Field(min_length=1)  # tried beside one weight a modality
    shrink_bias: float = Field(gt=0.0)
    prior_of: tuple[str, ...] = Field(min_length=1)  # averaged: "judgments", or a corpus that a modality learned from
    slots: tuple[SlotRecipe, ...]

    @model_validator(mode="after")
    def _votes_have_a_licence(self) -> Self:
        if self.votes is None and self.votes_licence is not None:
            raise ValueError("votes_licence: has no effect without votes; name the file in votes, or leave it out")
        if self.votes is not None and self.votes_licence is None:
            raise ValueError("votes: their licence is part of the bundle's; say it in votes_licence")
        return self

    @model_validator(mode="after")
    def _slots_have_names_of_their_own(self) -> Self:
        if twice := _repeated([slot.name for slot in self.slots]):
            raise ValueError(f"slots: two are named {twice!r}, and one would take the other's place; rename one")
        return self


@dataclass(frozen=True)
class Source:
    """A corpus that a stage learns from: its name in the recipe, the entry of training.corpora, and its options."""

    name: str
    corpus: str
    options: DataOptions

    @property
    def share(self) -> float:
        """Share of each epoch's examples; 0 for the stage's own corpus, of which an epoch holds all."""
        return self.options.share if isinstance(self.options, JoinedRecipe) else 0.0

    @property
    def sentiments(self) -> bool:
        """False where the sentiments of a corpus that joins another are not learned."""
        return not isinstance(self.options, JoinedRecipe) or self.options.sentiments

    @property
    def licence(self) -> str | None:
        """The licence of the folder's files, where the recipe has one."""
        return self.options.licence if isinstance(self.options, JoinedRecipe) else None


@dataclass(frozen=True)
class Stage:
    """Modalities that are trained together, and their corpus."""

    corpus: str
    modalities: tuple[Modality, ...]
    corpus_config: CorpusRecipe

    @property
    def name(self) -> str:
        return "-".join(self.modalities)

    @property
    def sources(self) -> tuple[Source, ...]:
        """The stage's own corpus, and those that join it, in the recipe's order."""
        joined = self.corpus_config.joined.items()
        own = Source(self.corpus, self.corpus, self.corpus_config)
        return own, *(Source(name, options.corpus or name, options) for name, options in joined)

    def without(self, name: str) -> "Stage":
        """Return the stage without one of its several corpora.

        Where that is the first, the next takes its place: an epoch then holds all of its examples.
        """
        config = self.corpus_config
        if name != self.corpus:
            joined = {other: options for other, options in config.joined.items() if other != name}
            return replace(self, corpus_config=config.model_copy(update={"joined": joined}))
        (first, options), *others = config.joined.items()
        whole = sum(other.share for other in config.joined.values())
        joined = {other: o.model_copy(update={"share": o.share / whole}) for other, o in others}
        own = {option: getattr(options, option) for option in OWN_OPTIONS}
        return replace(self, corpus=first, corpus_config=config.model_copy(update={**own, "joined": joined}))


class _Recipe(BaseModel):
    """A bundle's name and licence, and a section for each corpus; `Recipe` adds one for each modality."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    version: str
    licence: str  # what it allows; the corpora's own licences are added to it: see training.licence
    seed: int
    precision: Literal["auto", "bf16", "no"] = "auto"  # auto: bf16 where the hardware multiplies it itself
    corpora: dict[str, CorpusRecipe]
    fusion: FusionRecipe | None = None

    @classmethod
    def read(cls, path: Path) -> Self:
        """A recipe from TOML, or from the same in JSON. Raises RecipeError."""
        try:
            text = path.read_text(encoding="utf-8")
            return cls.model_validate(json.loads(text) if path.suffix == ".json" else tomllib.loads(text))
        except ValidationError as error:
            raise RecipeError("; ".join(_in_words(e["type"], e["loc"], e["msg"]) for e in error.errors())) from error
        except (OSError, ValueError) as error:
            raise RecipeError(getattr(error, "strerror", None) or str(error)) from error

    @model_validator(mode="after")
    def _every_corpus_is_described(self) -> Self:
        used = {section.corpus for section in self.sections().values()}
        if used != set(self.corpora):
            raise ValueError(f"the modalities learn from {sorted(used)}, the corpora are {sorted(self.corpora)}")
        return self

    @model_validator(mode="after")
    def _corpora_have_names_of_their_own(self) -> Self:
        if twice := _repeated([source.name for source in self.sources()]):
            raise ValueError(
                f"corpora: two are named {twice!r}, and a bundle could not say which of them an item is of; rename "
                "the one that joins, and give its format in corpus"
            )
        return self

    @model_validator(mode="after")
    def _stages_can_be_trained(self) -> Self:
        for stage in self.stages():
            check_stage(stage.corpus, stage.corpus_config, {m: self.sections()[m] for m in stage.modalities})
        return self

    @model_validator(mode="after")
    def _transfer_has_an_effect(self) -> Self:
        """Gates that are trained keep the reliabilities that they were trained with (training.bundling)."""
        several = [stage.corpus for stage in self.stages() if len(stage.modalities) > 1]
        declared = [m for m, section in self.sections().items() if "transfer" in section.model_fields_set]
        if several and declared:
            raise ValueError(
                f"[{declared[0]}] transfer: has no effect where [corpora.{several[0]}] teaches several modalities, as "
                "it also teaches how far to trust each; leave it out"
            )
        return self

    @model_validator(mode="after")
    def _the_prior_has_sources(self) -> Self:
        known = [JUDGMENTS, *(source.name for source in self.sources())]
        if self.fusion is not None and (unknown := [name for name in self.fusion.prior_of if name not in known]):
            raise ValueError(f"[fusion] prior_of: there is no {unknown[0]!r} here; name some of {', '.join(known)}")
        return self

    @model_validator(mode="after")
    def _slots_of_joined_corpora_are_of_other_parts(self) -> Self:
        joined = {(s.corpus, s.options.folder): s.name for s in self.sources() if s.share}
        for slot in self.fusion.slots if self.fusion is not None else ():
            if slot.left_out is not None:
                continue
            taught = joined.get((slot.corpus, slot.folder))
            if taught is not None and not (slot.home and slot.split in ("held-out", "test")):
                raise ValueError(
                    f"[fusion] slots: an encoder learns from {taught}, which {slot.name} takes its samples from; take "
                    "its held-out split and say home = true, or another corpus"
                )
        return self

    @model_validator(mode="after")
    def _slots_of_left_out_corpora_are_predicted(self) -> Self:
        left_out = [
            source for stage in self.stages() if stage.corpus_config.leave_out for source in stage.sources
        ]  # fmt: skip
        for slot in self.fusion.slots if self.fusion is not None else ():
            if slot.left_out is None:
                continue
            taught = next((source for source in left_out if source.name == slot.left_out), None)
            if taught is None:
                names = ", ".join(source.name for source in left_out) or "there is none"
                raise ValueError(
                    f"[fusion] slots: {slot.name} names {slot.left_out!r} in left_out, which is of corpora that are "
                    f"learned with leave_out = true: {names}"
                )
            if (slot.corpus, slot.folder, slot.home) != (taught.corpus, taught.options.folder, False):
                raise ValueError(
                    f"[fusion] slots: {slot.name} is of {taught.name}, left out; give corpus = {taught.corpus!r} and "
                    f"folder = {taught.options.folder!r}, without home"
                )
        return self

    def sections(self) -> dict[Modality, ModalityRecipe]:
        """The section of each modality that the recipe has, in the contract's order."""
        found = {m: getattr(self, m) for m in MODALITIES}
        return {m: section for m, section in found.items() if section is not None}

    def folders(self) -> list[str]:
        """Everything under --data that following the recipe takes: folders of corpora, and files of judgments."""
        found = [source.options.folder for source in self.sources()]
        if self.fusion is not None:
            found += [self.fusion.judgments, *(slot.folder for slot in self.fusion.slots)]
        return list(dict.fromkeys(found))

    def digest(self, stage: Stage) -> str:
        """Return a digest of all options that determine a stage's result. Options at their default change nothing."""
        sections = {m: self.sections()[m].model_dump_json(exclude_defaults=True) for m in stage.modalities}
        corpus = stage.corpus_config.model_dump_json(exclude_defaults=True)
        return hashlib.sha256(f"{self.seed}{self.precision}{corpus}{sections}".encode()).hexdigest()

    def sources(self) -> list[Source]:
        """Return every corpus that a modality learns from, stage by stage."""
        return [source for stage in self.stages() for source in stage.sources]

    def stages(self) -> list[Stage]:
        """Return one stage for each corpus, in the recipe's order."""
        sections = self.sections()
        return [
            Stage(corpus, tuple(m for m in sections if sections[m].corpus == corpus), config)
            for corpus, config in self.corpora.items()
        ]


if TYPE_CHECKING:
    Recipe = _Recipe
else:
    Recipe = create_model(
        "Recipe",
        __base__=_Recipe,
        __module__=__name__,
        **{modality: (section_type(modality) | None, None) for modality in MODALITIES},
    )


def _repeated(names: Sequence[str]) -> str | None:
    """Return the first name that comes more than once."""
    return next((name for name in names if names.count(name) > 1), None)


def _in_words(kind: str, place: tuple[int | str, ...], message: str) -> str:
    """Return one line on what is wrong with a recipe; for an option that a modality lacks, also those it has."""
    modality, option = (place[0], place[-1]) if place else ("", "")
    if kind == "extra_forbidden" and modality in MODALITIES:
        chosen = next((recipe for recipe in RECIPES if recipe.kind in place[1:-1]), DEFAULT_RECIPES[modality])
        known = ", ".join(chosen.model_fields)
        return f"{modality}.{option}: {modality} has no option {option}; its options are {known}"
    if kind == "extra_forbidden" and place[2:3] == ("joined",) and option in CorpusRecipe.model_fields:
        known, where = ", ".join(JoinedRecipe.model_fields), ".".join(map(str, place))
        return f"{where}: is for all that is learned together, set it in [corpora.{place[1]}]; options here are {known}"
    said = message.removeprefix("Value error, ")
    return f"{'.'.join(map(str, place))}: {said}" if place else said
