"""Handwritten and generated analyses for tests of their consumers."""

from hypothesis import strategies as st

from model.contract import (
    EMOTIONS,
    MODALITIES,
    SENTIMENTS,
    Analysis,
    Emotion,
    ModalityShare,
    ModelInfo,
    Person,
    Utterance,
    VideoInfo,
    rank_emotions,
    rank_sentiments,
    summarize,
)


def utterance(start: float, end: float, text: str, emotion: Emotion = "joy", confidence: float = 0.7) -> Utterance:
    """Return an utterance with text (weight 0.25) and voice; the other emotions share the rest equally."""
    rest = (1 - confidence) / (len(EMOTIONS) - 1)
    emotions = rank_emotions([confidence if label == emotion else rest for label in EMOTIONS])
    return Utterance(
        start_time=start,
        end_time=end,
        text=text,
        emotions=emotions,
        sentiments=rank_sentiments([0.1, 0.3, 0.6]),
        modalities={
            "text": ModalityShare(weight=0.25, contribution=0.5, emotions=emotions),
            "audio": ModalityShare(weight=0.75, contribution=1.5, emotions=emotions),
        },
        bias=-0.25,
        unclear=confidence < 0.45,
    )


def analysis_of(
    *utterances: Utterance, duration: float = 20.0, picture: bool = True, warnings: tuple[str, ...] = ()
) -> Analysis:
    return Analysis(
        video=VideoInfo(
            duration_s=duration, width=640 * picture, height=360 * picture, fps=25.0 * picture, has_audio=True
        ),
        language="en",
        model=ModelInfo(bundle="starter", version="1", speech="a transcriber"),
        utterances=list(utterances),
        overall=summarize(utterances),
        warnings=list(warnings),
    )


def spoken_by_two(*labels: str) -> Analysis:
    """Two people who greet each other, and a moment without words."""
    spoken = [utterance(i, i + 1, text) for i, text in enumerate(("Hi", "Ho"))]
    named = [one.model_copy(update={"speaker": f"S{i + 1}"}) for i, one in enumerate(spoken)]
    people = [
        Person(id=f"S{i + 1}", label=label, seconds=1.0, summary=summarize([spoken[i]]))
        for i, label in enumerate(labels)
    ]
    return analysis_of(*named, utterance(2, 4, "")).model_copy(update={"people": people})


_share = st.floats(0.0, 1.0)
_nats = st.floats(-50.0, 50.0)
_times = st.lists(st.floats(0.0, 1e6), min_size=2, max_size=2).map(sorted)
_emotions = st.lists(_share, min_size=len(EMOTIONS), max_size=len(EMOTIONS)).map(rank_emotions)
_sentiments = st.lists(_share, min_size=len(SENTIMENTS), max_size=len(SENTIMENTS)).map(rank_sentiments)

# Any text, often with characters that are special in some format.
_texts = st.lists(
    st.one_of(
        st.text(max_size=20), st.sampled_from(["-->", "\n\n", "\r\n", "<b>", "&amp;", '"', ",", "=1+1", "\t", "\u2028"])
    )
).map("".join)


@st.composite
def utterances(draw: st.DrawFn) -> Utterance:
    start, end = draw(_times)
    shares = st.builds(ModalityShare, weight=_share, contribution=_nats, emotions=_emotions)
    return Utterance(
        start_time=start,
        end_time=end,
        text=draw(_texts),
        emotions=draw(_emotions),
        sentiments=draw(_sentiments),
        modalities=draw(st.dictionaries(st.sampled_from(MODALITIES), shares)),
        bias=draw(_nats),
        decided_by=draw(st.sampled_from(["modalities", "prior"])),
        contradictory=draw(st.booleans()),
        unclear=draw(st.booleans()),
    )


def analyses() -> st.SearchStrategy[Analysis]:
    """Generate any valid analysis, including unordered and overlapping utterances and those without duration."""
    return st.lists(utterances(), max_size=4).map(lambda several: analysis_of(*several))
