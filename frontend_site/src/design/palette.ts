// Written by scripts/tokens.py from the Python sources; do not edit.
export const EMOTIONS = ["anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise"] as const;
export const SENTIMENTS = ["negative", "neutral", "positive"] as const;
export const MODALITIES = ["text", "audio", "video", "face"] as const;
export const EMOTION_STACK = ["joy", "surprise", "neutral", "sadness", "fear", "disgust", "anger"] as const;
export const SENTIMENT_STACK = ["positive", "neutral", "negative"] as const;
export const MODALITY_NAMES = {"text": "Text", "audio": "Voice", "video": "Scene", "face": "Face"} as const;
export const PERSON_COLOR_COUNT = 6 as const;
export type Emotion = (typeof EMOTIONS)[number];
export type Sentiment = (typeof SENTIMENTS)[number];
export type Modality = (typeof MODALITIES)[number];
