"""Checks for combinations of recipe options that are unsupported, or in which an option has no effect.

A recipe documents how a bundle was made, so an option without effect would be misleading.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from model.contract import Modality
from training.corpus_recipe import CorpusRecipe, DataOptions
from training.modalities.base import ModalityRecipe
from training.modalities.registry import RECIPES

Sections: TypeAlias = Mapping[Modality, ModalityRecipe]
Check: TypeAlias = Callable[[str, CorpusRecipe, Sections], None]

# Option -> the option it depends on.
NEEDED = {"patience": "selection", "teachers": "teacher", "teacher_share": "teacher"}


def check_stage(corpus: str, config: CorpusRecipe, sections: Sections) -> None:
    """Check one corpus and the sections of its modalities. Raises ValueError."""
    for check in _CHECKS:
        check(corpus, config, sections)


def _options_match_the_modalities(corpus: str, config: CorpusRecipe, sections: Sections) -> None:
    known = {option for section in sections.values() for option in section.corpus_options}
    for recipe in RECIPES:
        for name, options in _data_options(corpus, config).items():
            wrong = [option for option in recipe.corpus_options if option in options.model_fields_set - known]
            if wrong:
                raise ValueError(
                    f"{name}: {wrong[0]} is for {recipe.modality}; the corpus trains {', '.join(sections)}"
                )


def _folds_need_variants(corpus: str, config: CorpusRecipe, _: Sections) -> None:
    if config.folds == 1 or (config.folds and not config.variants):
        raise ValueError(f"{corpus}: folds must be at least 2, and need variants (audio only)")
    if config.folds and config.selection:
        raise _invalid(
            corpus, "selection", "fold networks have no groups set aside to select an epoch on",
            "remove selection or folds",
        )  # fmt: skip


def _variants_need_a_frozen_encoder(corpus: str, config: CorpusRecipe, sections: Sections) -> None:
    """Reject cached variants of an encoder that is trained, as its outputs would change."""
    if not config.variants:
        return
    modality, section = next(iter(sections.items()))
    if not section.kept_parts:
        raise ValueError(f"{corpus}: variants need an encoder with two stages; that of {modality} has one")
    if len(sections) > 1 or not set(section.kept_parts) <= set(section.frozen):
        parts = ", ".join(section.kept_parts)
        raise ValueError(f"{corpus}: variants need a stage of one modality, by an encoder with {parts} frozen")


def _mixup_needs_one_modality(corpus: str, config: CorpusRecipe, sections: Sections) -> None:
    """Reject mixup with self-distillation, whose targets are for unmixed inputs, or with several modalities."""
    mixed = any(section.mixup_alpha for section in sections.values())
    if config.remembered_share and (len(sections) > 1 or mixed):
        raise ValueError(f"{corpus}: remembered_share needs a stage of one modality without mixup")
    if mixed and len(sections) > 1:
        raise ValueError(f"{corpus}: mixup needs a stage of audio only")


def _dependencies_are_set(corpus: str, config: CorpusRecipe, _: Sections) -> None:
    has_teacher = any(options.teacher for options in _data_options(corpus, config).values())
    for name, options in _data_options(corpus, config).items():
        for option, needed in NEEDED.items():
            is_set = has_teacher if option == "teacher_share" else getattr(options, needed, None)
            if option in options.model_fields_set and not is_set:
                raise _invalid(name, option, f"has no effect without {needed}", f"set {needed}, or remove it")
    if "score_every" in config.model_fields_set and config.selection:
        raise _invalid(
            corpus, "score_every", "has no effect with selection, which scores every epoch", "remove one of them"
        )


def _leave_out_needs_several_corpora(corpus: str, config: CorpusRecipe, _: Sections) -> None:
    if config.leave_out and not (config.variants and config.joined):
        raise _invalid(
            corpus, "leave_out", "needs several audio corpora with variants",
            "set variants and join a corpus, or remove it",
        )  # fmt: skip


def _votes_exclude_label_options(corpus: str, config: CorpusRecipe, sections: Sections) -> None:
    """Reject options that apply to single labels when the stage trains on votes."""
    every = [options.votes for options in _data_options(corpus, config).values()]
    if not any(every):
        return
    if config.class_balance:
        raise _invalid(corpus, "class_balance", "weighs single labels, not votes", "remove one of them")
    if any(section.mixup_alpha for section in sections.values()):
        raise ValueError(f"{corpus}: mixup applies to single labels, not to votes; remove one of them")
    for option in ("focal", "label_smoothing"):
        if all(every) and getattr(config, option):
            raise _invalid(corpus, option, "has no effect on votes", "remove one of them")


def _modality_dropout_needs_several_modalities(corpus: str, config: CorpusRecipe, sections: Sections) -> None:
    if config.modality_dropout and len(sections) == 1:
        (modality,) = sections
        raise _invalid(
            corpus, "modality_dropout", f"has no effect in a stage of {modality} only, as one modality always remains",
            "remove it",
        )  # fmt: skip


def _calm_share_has_an_effect(corpus: str, config: CorpusRecipe, sections: Sections) -> None:
    if config.calm_share and all(section.without_strong_augmentation() == section for section in sections.values()):
        raise _invalid(
            corpus, "calm_share", f"{' and '.join(sections)} has no augmentation that the last epochs turn off",
            "remove it, or set mixup, erase or crop in a section that has them",
        )  # fmt: skip


def _a_single_variant_is_not_augmented(corpus: str, config: CorpusRecipe, sections: Sections) -> None:
    """Reject augmentation with a single variant, which is the unaugmented input (engine.variants)."""
    if config.variants != 1:
        return
    for modality, section in sections.items():
        if varied := section.varied_options():
            raise ValueError(
                f"[{modality}] {varied[0]}: has no effect with variants = 1 in [corpora.{corpus}], as the first "
                "variant is not augmented; set variants to 2 or more, or remove it"
            )
    for name in (name for name, options in _data_options(corpus, config).items() if options.join_share):
        raise _invalid(
            name, "join_share", "has no effect with variants = 1, as the first variant is not augmented",
            "set variants to 2 or more, or remove it",
        )  # fmt: skip


def _joined_shares_leave_a_remainder(corpus: str, config: CorpusRecipe, _: Sections) -> None:
    total = sum(joined.share for joined in config.joined.values())
    if total >= 1.0:
        raise _invalid(
            corpus, "joined", f"their shares add up to {total:g}, which leaves no share for {corpus}",
            "set smaller ones",
        )  # fmt: skip


def _joined_corpora_are_distinct(corpus: str, config: CorpusRecipe, _: Sections) -> None:
    known = {(corpus, config.folder)}
    for name, joined in config.joined.items():
        which = joined.corpus or name, joined.folder
        if which in known:
            raise ValueError(
                f"[corpora.{corpus}.joined.{name}]: the stage already has its examples; choose another corpus or folder"
            )
        known.add(which)


def _data_options(corpus: str, config: CorpusRecipe) -> dict[str, DataOptions]:
    """Return the options of a stage's corpora, by their names in messages."""
    return {corpus: config, **{f"{corpus}.joined.{name}": joined for name, joined in config.joined.items()}}


def _invalid(corpus: str, option: str, reason: str, remedy: str) -> ValueError:
    return ValueError(f"[corpora.{corpus}] {option}: {reason}; {remedy}")


_CHECKS: tuple[Check, ...] = (
    _options_match_the_modalities,
    _folds_need_variants,
    _variants_need_a_frozen_encoder,
    _mixup_needs_one_modality,
    _dependencies_are_set,
    _leave_out_needs_several_corpora,
    _votes_exclude_label_options,
    _modality_dropout_needs_several_modalities,
    _calm_share_has_an_effect,
    _a_single_variant_is_not_augmented,
    _joined_shares_leave_a_remainder,
    _joined_corpora_are_distinct,
)
