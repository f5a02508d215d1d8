"""Excerpt of a result for its record: enough for a list and a chart; the whole result is in S3."""

from pydantic import BaseModel, ValidationError

from model.contract import Analysis, EmotionScore, SentimentScore


class Summary(BaseModel):
    """`duration_s` in seconds. The distributions are those of the whole video; empty without utterances."""

    duration_s: float
    language: str | None
    utterances: int
    emotions: list[EmotionScore]
    sentiments: list[SentimentScore]
    warnings: list[str]
    bundle: str
    bundle_version: str


def summarize(analysis: Analysis) -> Summary:
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
    """A result as the model server writes it; None for anything else."""
    try:
        return Analysis.model_validate_json(body)
    except ValidationError:
        return None
