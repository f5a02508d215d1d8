"""Combinations of a recipe's options that cannot be followed, or in which one of them would have no effect.

A recipe says how a bundle was made: an option in it that does nothing would make that untrue.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from model.contract import Modality
from training.corpus_recipe import CorpusRecipe, DataOptions
from training.modalities.base import ModalityRecipe
from training.modalities.registry import RECIPES

Sections: TypeAlias = Mapping[Modality, ModalityRecipe]
Check: TypeAlias = Callable[[str, CorpusRecipe, Sections], None]

NEEDED = {"patience": "selection", "teachers": "teacher", "teacher_share": "teacher"}  # option -> what it is part of


def check_stage(corpus: str, config: CorpusRecipe, sections: Sections) -> None:
    """Check one corpus and the sections of the modalities it teaches. Raises ValueError."""
    for check in _CHECKS:
        check(corpus, config, sections)


def _options_are_of_its_modalities(corpus: str, config: CorpusRecipe, sections: Sections) -> None:
    known = {option for section in sections.values() for option in section.corpus_options}
    for recipe in RECIPES:
        for name, options in _data_options(corpus, config).items():
            wrong = [option for option in recipe.corpus_options if option in options.model_fields_set - known]
            if wrong:
                raise ValueError(f"{name}: {wrong[0]} is for {recipe.modality}; it teaches {', '.join(sections)}")


def _folds_cost_no_encoder(corpus: str, config: CorpusRecipe, _: Sections) -> None:
    if config.folds == 1 or (config.folds and not config.variants):
        raise ValueError(f"{corpus}: folds are two or more, and for audio of which variants are kept")
    if config.folds and config.selection:
        raise _refusal(
            corpus, "selection", "the networks of the folds have no groups put aside to choose an epoch by",
            "leave out selection or folds",
        )  # fmt: skip


def _kept_parts_are_frozen(corpus: str, config: CorpusRecipe, sections: Sections) -> None:
    """Refuse variants of an encoder that still learns: what is kept of them would be its first output throughout."""
    if not config.variants:
        return
    modality, section = next(iter(sections.items()))
    if not section.kept_parts:
        raise ValueError(f"{corpus}: variants are kept of encoders with two stages; that of {modality} has one")
    if len(sections) > 1 or not set(section.kept_parts) <= set(section.frozen):
        kept = ", ".join(section.kept_parts)
        raise ValueError(f"{corpus}: variants are of one modality alone, by an encoder with {kept} frozen")


def _mixup_is_alone(corpus: str, config: CorpusRecipe, sections: Sections) -> None:
    """Refuse mixup where it cannot work.

    Self-distillation predicted unmixed inputs, and no two utterances have the same set of several modalities.
    """
    mixed = any(section.mixup_alpha for section in sections.values())
    if config.remembered_share and (len(sections) > 1 or mixed):
        raise ValueError(f"{corpus}: remembered_share is for one modality, without mixup")
    if mixed and len(sections) > 1:
        raise ValueError(f"{corpus}: mixup is for audio in a stage of its own")


def _options_have_what_they_need(corpus: str, config: CorpusRecipe, _: Sections) -> None:
    taught = any(options.teacher for options in _data_options(corpus, config).values())
    for name, options in _data_options(corpus, config).items():
        for option, needed in NEEDED.items():
            there = taught if option == "teacher_share" else getattr(options, needed, None)
            if option in options.model_fields_set and not there:
                raise _refusal(name, option, f"has no effect without {needed}", f"set {needed} too, or leave it out")
    if "score_every" in config.model_fields_set and config.selection:
        raise _refusal(
            corpus, "score_every", "has no effect with selection, which scores every epoch", "leave one of them out"
        )


def _several_corpora_can_be_left_out(corpus: str, config: CorpusRecipe, _: Sections) -> None:
    if config.leave_out and not (config.variants and config.joined):
        raise _refusal(
            corpus, "leave_out", "is for several corpora of audio of which variants are kept",
            "set variants and join a corpus, or leave it out",
        )  # fmt: skip


def _votes_are_learned_as_they_are(corpus: str, config: CorpusRecipe, sections: Sections) -> None:
    """Refuse what is about the one label of an utterance where several people's labels are learned."""
    every = [options.votes for options in _data_options(corpus, config).values()]
    if not any(every):
        return
    if config.class_balance:
        raise _refusal(
            corpus, "class_balance", "weighs labels, and votes are shares of several", "leave one of them out"
        )
    if any(section.mixup_alpha for section in sections.values()):
        raise ValueError(f"{corpus}: mixup is for labels, not for votes; leave one of them out")
    for option in ("focal", "label_smoothing"):
        if all(every) and getattr(config, option):
            raise _refusal(corpus, option, "has no effect on votes", "leave one of them out")


def _a_modality_can_be_left_out(corpus: str, config: CorpusRecipe, sections: Sections) -> None:
    if config.modality_dropout and len(sections) == 1:
        (modality,) = sections
        raise _refusal(
            corpus, "modality_dropout", f"has no effect where {modality} is the only modality, which is never left out",
            "leave it out",
        )  # fmt: skip


def _something_is_calmed(corpus: str, config: CorpusRecipe, sections: Sections) -> None:
    if config.calm_share and all(section.calmed() == section for section in sections.values()):
        raise _refusal(
            corpus, "calm_share", f"{' and '.join(sections)} asks for no augmentation that the last epochs leave out",
            "leave it out, or ask for mixup, erase or crop in a section that has them",
        )  # fmt: skip


def _the_only_variant_is_not_varied(corpus: str, config: CorpusRecipe, sections: Sections) -> None:
    """The first variant is the input as it is (engine.variants)."""
    if config.variants != 1:
        return
    for modality, section in sections.items():
        if varied := section.varied_options():
            raise ValueError(
                f"[{modality}] {varied[0]}: has no effect with variants = 1 in [corpora.{corpus}], as the first "
                "variant is the input as it is; keep two or more, or leave it out"
            )
    for name in (name for name, options in _data_options(corpus, config).items() if options.join_share):
        raise _refusal(
            name, "join_share", "has no effect with variants = 1, as the first variant is the input as it is",
            "keep two or more, or leave it out",
        )  # fmt: skip


def _joined_corpora_leave_some_of_the_epoch(corpus: str, config: CorpusRecipe, _: Sections) -> None:
    whole = sum(joined.share for joined in config.joined.values())
    if whole >= 1.0:
        raise _refusal(
            corpus, "joined", f"their shares add up to {whole:g}, which leaves nothing of an epoch for {corpus}",
            "name smaller ones",
        )  # fmt: skip


def _no_corpus_joins_itself(corpus: str, config: CorpusRecipe, _: Sections) -> None:
    there = {(corpus, config.folder)}
    for name, joined in config.joined.items():
        which = joined.corpus or name, joined.folder
        if which in there:
            raise ValueError(
                f"[corpora.{corpus}.joined.{name}]: its examples are learned already; name another corpus or folder"
            )
        there.add(which)


def _data_options(corpus: str, config: CorpusRecipe) -> dict[str, DataOptions]:
    """Return the options of a stage's corpora, by what they are called in a message."""
    return {corpus: config, **{f"{corpus}.joined.{name}": joined for name, joined in config.joined.items()}}


def _refusal(corpus: str, option: str, why: str, remedy: str) -> ValueError:
    return ValueError(f"[corpora.{corpus}] {option}: {why}; {remedy}")


_CHECKS: tuple[Check, ...] = (
    _options_are_of_its_modalities,
    _folds_cost_no_encoder,
    _kept_parts_are_frozen,
    _mixup_is_alone,
    _options_have_what_they_need,
    _several_corpora_can_be_left_out,
    _votes_are_learned_as_they_are,
    _a_modality_can_be_left_out,
    _something_is_calmed,
    _the_only_variant_is_not_varied,
    _joined_corpora_leave_some_of_the_epoch,
    _no_corpus_joins_itself,
)
