"""Summary of a result, stored in its record for lists and charts; the whole result is in S3."""

from pydantic import BaseModel, ValidationError

from model.contract import Analysis, EmotionScore, SentimentScore


class Summary(BaseModel):
    """Summary of a result. The distributions are of the whole video, and empty if it has no utterances."""

    duration_s: float
    language: str | None
    utterances: int
    emotions: list[EmotionScore]
    sentiments: list[SentimentScore]
    warnings: list[str]
    bundle: str
    bundle_version: str


def summarize(analysis: Analysis) -> Summary:
    """Return the summary of a result."""
    return Summary(
        duration_s=round(analysis.video.duration_s, 3),
        language=analysis.language,
        utterances=len(analysis.utterances),
        emotions=analysis.overall.emotions,
        sentiments=analysis.overall.sentiments,
        warnings=analysis.warnings,
        bundle=analysis.model.bundle,
        bundle_version=analysis.model.version,
    )


def parse(body: bytes) -> Analysis | None:
    """Parse a result as the model server writes it; None if it is invalid."""
    try:
        return Analysis.model_validate_json(body)
    except ValidationError:
        return None
