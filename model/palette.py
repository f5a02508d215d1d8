"""How emotions, sentiments and modalities are shown, for everything that shows them: colours and names.

One value serves light and dark: each has at least 3:1 contrast to both of the surfaces below. Within a
set, any two stay apart for people with protanopia, deuteranopia and tritanopia too (tested). Even so,
no colour stands alone; a name or a number is always beside it.
"""

from model.contract import Emotion, Modality, Sentiment

LOW_CONFIDENCE = 0.4  # of the strongest emotion: below, the others together outweigh it clearly
MODALITY_NAMES: dict[Modality, str] = {"text": "Words", "audio": "Voice", "video": "Scene", "face": "Face"}

LIGHT_SURFACE = "#ffffff"
DARK_SURFACE = "#16181d"

EMOTION_COLOURS: dict[Emotion, str] = {
    "anger": "#ce2c1e",
    "disgust": "#459379",
    "fear": "#9e3db7",
    "joy": "#b78f1c",
    "neutral": "#5f656f",
    "sadness": "#3f4dff",
    "surprise": "#029fdb",
}

SENTIMENT_COLOURS: dict[Sentiment, str] = {
    "negative": "#ce2c1e",
    "neutral": "#5f656f",
    "positive": "#029fdb",
}

MODALITY_COLOURS: dict[Modality, str] = {
    "text": "#6391da",
    "audio": "#8e5942",
    "video": "#777a97",
    "face": "#b68a3c",
}
