"""Colors and display names of emotions, sentiments and modalities, for every output.

Each color serves light and dark mode, with a contrast of at least 3:1 to both surfaces below. Any two, of the same set
or of different ones, remain distinguishable with protanopia, deuteranopia and tritanopia (tested); only neutral is the
same as an emotion and as a sentiment. Colors are always accompanied by a name or a number.
"""

from model.contract import MODALITIES, Emotion, Modality, Sentiment

NAMES = {"audio": "Voice", "video": "Scene"}  # display names that differ from the modality's own
MODALITY_NAMES: dict[Modality, str] = {m: NAMES.get(m, m.capitalize()) for m in MODALITIES}

LIGHT_SURFACE = "#ffffff"
DARK_SURFACE = "#16181d"

EMOTION_COLORS: dict[Emotion, str] = {
    "anger": "#ce2c1e",
    "disgust": "#459379",
    "fear": "#9e3db7",
    "joy": "#b78f1c",
    "neutral": "#5f656f",
    "sadness": "#3f4dff",
    "surprise": "#029fdb",
}

SENTIMENT_COLORS: dict[Sentiment, str] = {
    "negative": "#f649d0",
    "neutral": "#5f656f",
    "positive": "#6da164",
}

# De-emphasized in charts and bars, so that the other labels stand out: pale, and behind the others.
MUTED_LABEL: Emotion | Sentiment = "neutral"

MODALITY_SERIES = (
    "#9771ff",
    "#be2f92",
    "#157900",
    "#856b50",
    "#ff25a0",
    "#a179af",
)  # in the contract's order, with two spare
MODALITY_COLORS: dict[Modality, str] = dict(zip(MODALITIES, MODALITY_SERIES, strict=False))

# People are deep in light mode and pale in dark mode, where no emotion, sentiment or modality is.
PERSON_COLORS: tuple[tuple[str, str], ...] = (
    ("#024e61", "#2af8e2"),
    ("#4c0a41", "#fe90a5"),
    ("#444207", "#f7f700"),
    ("#410591", "#a0c0f8"),
    ("#162f05", "#1dda08"),
    ("#2b0103", "#f9caa5"),
)  # (light, dark), in the order in which people first speak
