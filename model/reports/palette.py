"""Colors and display names of emotions, sentiments and modalities, for every output.

One value serves light and dark: each has at least 3:1 contrast to both of the surfaces below. Within a
set, any two stay apart for people with protanopia, deuteranopia and tritanopia too (tested). Even so,
no color stands alone; a name or a number is always beside it.
"""

from model.contract import MODALITIES, Emotion, Modality, Sentiment

NAMES = {"text": "Words", "audio": "Voice", "video": "Scene"}  # of those that are shown by another than their own
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
    "negative": "#ce2c1e",
    "neutral": "#5f656f",
    "positive": "#029fdb",
}

# Drawn back in charts and bars, pale and behind the others, so that what moves is seen. Its name and its number
# stand beside it as those of the others do.
DRAWN_BACK: Emotion | Sentiment = "neutral"

MODALITY_SERIES = (
    "#6391da",
    "#8e5942",
    "#777a97",
    "#b68a3c",
    "#4f5cbd",
    "#ac3afa",
)  # in the contract's order, two spare
MODALITY_COLORS: dict[Modality, str] = dict(zip(MODALITIES, MODALITY_SERIES, strict=False))
