"""Colors: distinguishable with any color vision, on light and dark surfaces."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest

from model.contract import EMOTIONS, MODALITIES, SENTIMENTS
from model.reports.palette import (
    DARK_SURFACE,
    EMOTION_COLORS,
    LIGHT_SURFACE,
    MODALITY_COLORS,
    MODALITY_SERIES,
    MUTED_LABEL,
    PERSON_COLORS,
    SENTIMENT_COLORS,
)

Array = npt.NDArray[np.float64]

# Simulation of color vision deficiencies in linear RGB: Machado, Oliveira and Fernandes 2009, severity 1.
SIGHT: dict[str, Array] = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
# Oklab (Ottosson 2020): linear RGB -> cone responses -> lightness and two hue axes.
TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
# In Oklab; the palettes of Okabe and Ito, and of Tol, with eight and seven colors reach 0.02 and 0.03.
MIN_DISTANCE = 0.08  # within emotions and within sentiments, which are compared side by side
MIN_DISTANCE_OF_ANY = 0.06  # between any two of all sets
GRAPHICS_CONTRAST = 3.0  # WCAG 2.2, 1.4.11
TEXT_CONTRAST = 4.5  # WCAG 2.2, 1.4.3

PALETTES: dict[str, Mapping[str, str]] = {
    "emotions": dict(EMOTION_COLORS.items()),
    "sentiments": dict(SENTIMENT_COLORS.items()),
}
ALL: dict[str, str] = {
    **{f"emotion {label}": color for label, color in EMOTION_COLORS.items()},
    **{f"sentiment {label}": color for label, color in SENTIMENT_COLORS.items() if label != MUTED_LABEL},
    **{f"modality {i}": color for i, color in enumerate(MODALITY_SERIES)},
}
every_palette = pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES.keys())


def linear(color: str) -> Array:
    """Convert #rrggbb to linear RGB [3], 0 to 1."""
    encoded = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def oklab(rgb: Array) -> Array:
    return np.asarray(TO_LAB @ np.cbrt(TO_CONES @ np.clip(rgb, 0, 1)))


def contrast(one: str, other: str) -> float:
    """Return the WCAG contrast ratio, 1 to 21."""
    dark, light = sorted(float(linear(color) @ [0.2126, 0.7152, 0.0722]) for color in (one, other))
    return (light + 0.05) / (dark + 0.05)


def test_a_color_for_every_label() -> None:
    assert set(EMOTION_COLORS) == set(EMOTIONS)
    assert set(SENTIMENT_COLORS) == set(SENTIMENTS)
    assert set(MODALITY_COLORS) == set(MODALITIES)


@every_palette
@pytest.mark.parametrize("sight", SIGHT)
def test_colors_are_distinguishable(palette: Mapping[str, str], sight: str) -> None:
    seen = {label: oklab(SIGHT[sight] @ linear(color)) for label, color in palette.items()}
    for one, other in combinations(seen, 2):
        assert np.linalg.norm(seen[one] - seen[other]) >= MIN_DISTANCE, f"{one} looks like {other}"


@pytest.mark.parametrize("sight", SIGHT)
def test_no_color_means_two_things(sight: str) -> None:
    """Sentiments, emotions and modalities have colors of their own."""
    seen = {name: oklab(SIGHT[sight] @ linear(color)) for name, color in ALL.items()}
    for one, other in combinations(seen, 2):
        assert np.linalg.norm(seen[one] - seen[other]) >= MIN_DISTANCE_OF_ANY, f"{one} looks like {other}"


def test_neutral_is_the_same_in_both_sets() -> None:
    assert SENTIMENT_COLORS["neutral"] == EMOTION_COLORS["neutral"]


@pytest.mark.parametrize("surface", [LIGHT_SURFACE, DARK_SURFACE])
def test_stands_out(surface: str) -> None:
    for label, color in ALL.items():
        assert contrast(color, surface) >= GRAPHICS_CONTRAST, label


@pytest.mark.parametrize("sight", SIGHT)
@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_people_look_like_nobody_else_and_like_no_label(scheme: int, sight: str) -> None:
    people = {f"person {i}": oklab(SIGHT[sight] @ linear(pair[scheme])) for i, pair in enumerate(PERSON_COLORS)}
    labels = {color: oklab(SIGHT[sight] @ linear(color)) for palette in PALETTES.values() for color in palette.values()}
    for person, color in people.items():
        for other, other_color in (people | labels).items():
            if other != person:
                assert np.linalg.norm(color - other_color) >= MIN_DISTANCE, f"{person} looks like {other}"


@pytest.mark.parametrize("scheme, surface", [(0, LIGHT_SURFACE), (1, DARK_SURFACE)], ids=["light", "dark"])
def test_initials_in_the_color_of_the_surface_can_be_read(scheme: int, surface: str) -> None:
    assert all(contrast(pair[scheme], surface) >= TEXT_CONTRAST for pair in PERSON_COLORS)
