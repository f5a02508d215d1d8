"""Example values for the API reference. A test validates each example against its schema."""

from typing import Any

OWNER = "0b7e6a52-3c1d-4f0e-9a88-5d2c7e1f4b90"
FILE_ID = "5f0c3c9a4d2b4e61a7c8d9e0f1a2b3c4"
ANALYSIS_ID = "k3v7q2m5x4n6pbcdt2w7y2z3ab"
KEY_ID = "4tq7hd2kzv5mw3xn6bpsaj4i"
KEY = f"uploads/{OWNER}/{FILE_ID}.mp4"
TIME = "2026-11-24T09:30:00Z"
EXPIRY = "2027-02-22T09:30:00Z"
UPLOAD_URL = f"https://media.s3.eu-central-1.amazonaws.com/{KEY}?X-Amz-Signature=..."
RESULT_URL = "https://results.s3.eu-central-1.amazonaws.com/analyses/...?X-Amz-Signature=..."
STATUS_URL = f"https://video-sentiment.example.com/api/analyses/{ANALYSIS_ID}"
WEBHOOK_URL = "https://hooks.example.com/video-sentiment"


def _scores(**confidences: float) -> list[Any]:
    return [{"label": label, "confidence": confidence} for label, confidence in confidences.items()]


_EMOTIONS = _scores(joy=0.71, neutral=0.12, surprise=0.08, sadness=0.04, anger=0.02, fear=0.02, disgust=0.01)
_SENTIMENTS = _scores(positive=0.78, neutral=0.16, negative=0.06)

_SUMMARY: dict[str, Any] = {
    "emotions": _EMOTIONS,
    "sentiments": _SENTIMENTS,
    "modalities": {"text": {"weight": 1.0, "contribution": 2.74}},
    "bias": -0.962,
    "decided_by": "modalities",
    "unclear": False,
}

ANALYSIS: dict[str, Any] = {
    "schema_version": "2.2",
    "video": {"duration_s": 4.2, "width": 1280, "height": 720, "fps": 25.0, "has_audio": True},
    "language": "en",
    "language_probability": 0.98,
    "model": {"bundle": "starter", "version": "0.7.0", "speech": "whisper-base", "prior": "declared"},
    "utterances": [
        {
            "start_time": 0.4,
            "end_time": 3.1,
            "text": "We made it, I can't believe it!",
            "language": "en",
            "emotions": _EMOTIONS,
            "sentiments": _SENTIMENTS,
            "modalities": {"text": {"weight": 1.0, "contribution": 2.74, "emotions": _EMOTIONS}},
            "bias": -0.962,
            "decided_by": "modalities",
            "contradictory": False,
            "unclear": False,
            "speaker": "S1",
            "explanation": "The text suggests joy.",
        }
    ],
    "overall": _SUMMARY,
    "people": [
        {
            "id": "S1",
            "label": "Speaker 1",
            "seconds": 2.7,
            "summary": _SUMMARY,
            "thumbnail_time": 1.5,
            "thumbnail_box": [0.4, 0.1, 0.6, 0.5],
        },
    ],
    "warnings": [],
}

PENDING_UPLOAD: dict[str, Any] = {
    "id": FILE_ID,
    "key": KEY,
    "size": 7_340_032,
    "inParts": False,
    "createdAt": TIME,
    "expiresAt": "2026-11-24T10:45:00Z",
}

ITEM: dict[str, Any] = {
    "id": ANALYSIS_ID,
    "status": "completed",
    "position": None,
    "attempt": 1,
    "source": "upload",
    "fileName": "interview.mp4",
    "size": 7_340_032,
    "contentType": "video/mp4",
    "createdAt": TIME,
    "updatedAt": TIME,
    "expiresAt": EXPIRY,
    "summary": {
        "duration_s": 4.2,
        "language": "en",
        "utterances": 1,
        "emotions": _EMOTIONS,
        "sentiments": _SENTIMENTS,
        "warnings": [],
        "bundle": "starter",
        "bundle_version": "0.7.0",
    },
    "error": None,
}

PEOPLE_EDITS: dict[str, Any] = {"names": {"S1": "Anna"}, "merged": {}}
DETAIL: dict[str, Any] = ITEM | {
    "progress": None,
    "analysis": ANALYSIS,
    "resultUrl": RESULT_URL,
    "peopleEdits": PEOPLE_EDITS,
}

KEY_ITEM: dict[str, Any] = {
    "id": KEY_ID,
    "name": "production",
    "prefix": f"vs_{KEY_ID[:8]}",
    "scopes": ["read", "analyze"],
    "createdAt": TIME,
    "expiresAt": EXPIRY,
    "rotatedAt": None,
    "lastUsedAt": TIME,
}
NEW_KEY: dict[str, Any] = KEY_ITEM | {"lastUsedAt": None, "token": f"vs_{KEY_ID}_" + "0" * 48}
