"""Training recipes: all options that determine a bundle, read from TOML and validated.

`[corpora.NAME]` holds the training options of a corpus, `[MODALITY]` the corpus and options of a modality. Modalities
of one corpus are trained together, as one stage. `[corpora.NAME.joined.OTHER]` adds a corpus whose examples are trained
on together with those of NAME, in the same stage.
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

JUDGMENTS = "judgments"  # in prior_of: people's labels of all modalities together
# Options of reading and augmenting a corpus's examples, common to a stage's first corpus and the joined ones.
OWN_OPTIONS = tuple(sorted(set(CorpusRecipe.model_fields) & set(JoinedRecipe.model_fields)))
STARTER = Path(__file__).resolve().parent / "starter.toml"
Positive = Annotated[float, Field(gt=0.0)]


class RecipeError(ValueError):
    """A recipe is missing or invalid; the message is one line, without the file's name."""


class SlotRecipe(BaseModel):
    """Samples of one corpus for a modality's slot in composed items (see training.fusion.composed_items)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str  # used in reports
    corpus: str  # of training.corpora
    folder: str  # under --data
    split: Literal["train", "held-out", "test", "all"] = "held-out"  # must not be one that an encoder was trained on
    home: bool = False  # True if in-corpus: the encoder was trained on other parts of this corpus
    left_out: str | None = None  # a corpus of the recipe: leave-one-corpus-out predictions for its training split
    licence: str | None = None  # of the folder, for formats that are not those of one corpus


class FusionRecipe(BaseModel):
    """Options of fitting the additive fusion when no corpus has several modalities of one utterance."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    judgments: str  # under --data: people's labels of text, voice, face and all together
    judgments_licence: str
    votes: str | None = None  # CREMA-D's votes, for the comparison with soft slots
    votes_licence: str | None = None
    draws: int = Field(default=3, gt=0)  # per row of judgments
    shrink_weights: tuple[Positive, ...] = Field(min_length=1)  # candidates, in addition to one weight per modality
    shrink_bias: float = Field(gt=0.0)
    prior_of: tuple[str, ...] = Field(min_length=1)  # averaged: "judgments", or a training corpus of a modality
    slots: tuple[SlotRecipe, ...]

    @model_validator(mode="after")
    def _votes_have_a_licence(self) -> Self:
        if self.votes is None and self.votes_licence is not None:
            raise ValueError("votes_licence: has no effect without votes; set votes, or remove it")
        if self.votes is not None and self.votes_licence is None:
            raise ValueError("votes: requires votes_licence, which becomes part of the bundle's licence")
        return self

    @model_validator(mode="after")
    def _slots_have_names_of_their_own(self) -> Self:
        if twice := _repeated([slot.name for slot in self.slots]):
            raise ValueError(f"slots: two are named {twice!r}; rename one")
        return self


@dataclass(frozen=True)
class Source:
    """Training corpus of a stage: its name in the recipe, its entry of training.corpora, and its options."""

    name: str
    corpus: str
    options: DataOptions

    @property
    def share(self) -> float:
        """Share of each epoch's examples; 0 for the stage's first corpus, all of which is in every epoch."""
        return self.options.share if isinstance(self.options, JoinedRecipe) else 0.0

    @property
    def sentiments(self) -> bool:
        """False for a joined corpus whose sentiments are not trained on."""
        return not isinstance(self.options, JoinedRecipe) or self.options.sentiments

    @property
    def licence(self) -> str | None:
        """Licence of the folder's files, if the recipe states one."""
        return self.options.licence if isinstance(self.options, JoinedRecipe) else None


@dataclass(frozen=True)
class Stage:
    """Modalities that are trained together, with their corpus."""

    corpus: str
    modalities: tuple[Modality, ...]
    corpus_config: CorpusRecipe

    @property
    def name(self) -> str:
        return "-".join(self.modalities)

    @property
    def sources(self) -> tuple[Source, ...]:
        """The stage's first corpus and the joined ones, in the recipe's order."""
        joined = self.corpus_config.joined.items()
        own = Source(self.corpus, self.corpus, self.corpus_config)
        return own, *(Source(name, options.corpus or name, options) for name, options in joined)

    def without(self, name: str) -> "Stage":
        """Return the stage without one of its corpora.

        If that is the first, the next becomes the first: all of its examples are in every epoch.
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
    """Name, licence and corpus sections of a recipe; `Recipe` adds one section per modality."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    version: str
    licence: str  # terms of use; the corpora's licences are appended (training.licence)
    seed: int
    precision: Literal["auto", "bf16", "no"] = "auto"  # auto: bf16 on hardware with native support
    corpora: dict[str, CorpusRecipe]
    fusion: FusionRecipe | None = None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a recipe from TOML or JSON. Raises RecipeError."""
        try:
            text = path.read_text(encoding="utf-8")
            return cls.model_validate(json.loads(text) if path.suffix == ".json" else tomllib.loads(text))
        except ValidationError as error:
            raise RecipeError(
                "; ".join(_describe_error(e["type"], e["loc"], e["msg"]) for e in error.errors())
            ) from error
        except (OSError, ValueError) as error:
            raise RecipeError(getattr(error, "strerror", None) or str(error)) from error

    @model_validator(mode="after")
    def _every_corpus_is_described(self) -> Self:
        used = {section.corpus for section in self.sections().values()}
        if used != set(self.corpora):
            raise ValueError(f"the modalities use the corpora {sorted(used)}, but [corpora] has {sorted(self.corpora)}")
        return self

    @model_validator(mode="after")
    def _corpora_have_names_of_their_own(self) -> Self:
        if twice := _repeated([source.name for source in self.sources()]):
            raise ValueError(
                f"corpora: two are named {twice!r}; rename the joined one, and give its entry of training.corpora in "
                "corpus"
            )
        return self

    @model_validator(mode="after")
    def _stages_can_be_trained(self) -> Self:
        for stage in self.stages():
            check_stage(stage.corpus, stage.corpus_config, {m: self.sections()[m] for m in stage.modalities})
        return self

    @model_validator(mode="after")
    def _transfer_has_an_effect(self) -> Self:
        """Trained gates keep the reliabilities that they were trained with (training.bundling)."""
        several = [stage.corpus for stage in self.stages() if len(stage.modalities) > 1]
        declared = [m for m, section in self.sections().items() if "transfer" in section.model_fields_set]
        if several and declared:
            raise ValueError(
                f"[{declared[0]}] transfer: has no effect where [corpora.{several[0]}] trains several modalities, as "
                "their gates are trained, too; remove it"
            )
        return self

    @model_validator(mode="after")
    def _the_prior_has_sources(self) -> Self:
        known = [JUDGMENTS, *(source.name for source in self.sources())]
        if self.fusion is not None and (unknown := [name for name in self.fusion.prior_of if name not in known]):
            raise ValueError(f"[fusion] prior_of: {unknown[0]!r} is not one of {', '.join(known)}")
        return self

    @model_validator(mode="after")
    def _slots_of_joined_corpora_are_of_other_parts(self) -> Self:
        joined = {(s.corpus, s.options.folder): s.name for s in self.sources() if s.share}
        for slot in self.fusion.slots if self.fusion is not None else ():
            if slot.left_out is not None:
                continue
            trained = joined.get((slot.corpus, slot.folder))
            if trained is not None and not (slot.home and slot.split in ("held-out", "test")):
                raise ValueError(
                    f"[fusion] slots: an encoder is trained on {trained}, which {slot.name} takes its samples from; "
                    "use its held-out split with home = true, or another corpus"
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
            match = next((source for source in left_out if source.name == slot.left_out), None)
            if match is None:
                names = ", ".join(source.name for source in left_out) or "none"
                raise ValueError(
                    f"[fusion] slots: {slot.name} has left_out = {slot.left_out!r}, which must be a corpus of a "
                    f"stage with leave_out = true: {names}"
                )
            if (slot.corpus, slot.folder, slot.home) != (match.corpus, match.options.folder, False):
                raise ValueError(
                    f"[fusion] slots: {slot.name} leaves out {match.name}; set corpus = {match.corpus!r} and "
                    f"folder = {match.options.folder!r}, without home"
                )
        return self

    def sections(self) -> dict[Modality, ModalityRecipe]:
        """Return the recipe's modality sections, in the contract's order."""
        found = {m: getattr(self, m) for m in MODALITIES}
        return {m: section for m, section in found.items() if section is not None}

    def folders(self) -> list[str]:
        """Return the paths under --data that the recipe needs: folders of corpora and files of judgments."""
        found = [source.options.folder for source in self.sources()]
        if self.fusion is not None:
            found += [self.fusion.judgments, *(slot.folder for slot in self.fusion.slots)]
        return list(dict.fromkeys(found))

    def digest(self, stage: Stage) -> str:
        """Return a hash of all options that determine a stage's result. Options at their default do not change it."""
        sections = {m: self.sections()[m].model_dump_json(exclude_defaults=True) for m in stage.modalities}
        corpus = stage.corpus_config.model_dump_json(exclude_defaults=True)
        return hashlib.sha256(f"{self.seed}{self.precision}{corpus}{sections}".encode()).hexdigest()

    def sources(self) -> list[Source]:
        """Return all training corpora, stage by stage."""
        return [source for stage in self.stages() for source in stage.sources]

    def stages(self) -> list[Stage]:
        """Return one stage per corpus, in the recipe's order."""
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
    """Return the first duplicate name, or None."""
    return next((name for name in names if names.count(name) > 1), None)


def _describe_error(kind: str, place: tuple[int | str, ...], message: str) -> str:
    """Describe a validation error in one line; for an unknown modality option, list the known ones."""
    modality, option = (place[0], place[-1]) if place else ("", "")
    if kind == "extra_forbidden" and modality in MODALITIES:
        chosen = next((recipe for recipe in RECIPES if recipe.kind in place[1:-1]), DEFAULT_RECIPES[modality])
        known = ", ".join(chosen.model_fields)
        return f"{modality}.{option}: {modality} has no option {option}; its options are {known}"
    if kind == "extra_forbidden" and place[2:3] == ("joined",) and option in CorpusRecipe.model_fields:
        known, where = ", ".join(JoinedRecipe.model_fields), ".".join(map(str, place))
        return f"{where}: applies to the whole stage, set it in [corpora.{place[1]}]; options here are {known}"
    reason = message.removeprefix("Value error, ")
    return f"{'.'.join(map(str, place))}: {reason}" if place else reason
