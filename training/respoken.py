"""Effect of transcription errors on text predictions, measured on synthesized speech.

    python -m training.respoken --data DIR/meld --bundle starter

Synthesizes lines of MELD's dev dialogues (with espeak-ng, a separate program: `apt install espeak-ng`), adds noise, and
transcribes them as `analyze` does. Prints the word error rate and the bundle's figures on the transcripts. Every line
keeps the context that it has in its dialogue.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.progress import track
from rich.table import Table

from model.asr.base import Transcriber
from model.asr.registry import DEFAULT_TRANSCRIBER, load_transcriber
from model.asr.segmenter import AudioSegmenter
from model.bundle import Bundle, load_bundle
from model.contract import EMOTIONS
from model.features import FloatArray, rms
from model.media import read_audio
from model.modalities.text import PLAIN_MARKS
from training.corpora import CORPORA, Example
from training.corpora.base import class_frequencies
from training.data.content_hash import hash_fraction
from training.evaluation.metrics import point_figures
from training.evaluation.scoring import change_prior, encode, predict
from training.terminal import table_console

SYNTHESIZER = "espeak-ng"
VOICES = ("en-us", "en-us+f3", "en-gb", "en-gb+f4", "en-us+m5")
RATES = (140, 165, 190)  # words per minute
MIN_WORDS = 2


@dataclass(frozen=True)
class TranscribedLine:
    """A written line and its transcript."""

    example: Example
    text: str

    @property
    def written(self) -> str:
        assert self.example.line is not None
        return self.example.line[0]


def main(
    data: Annotated[Path, typer.Option(help="Folder of MELD's transcripts.")],
    bundle: Annotated[str, typer.Option(help="Bundle to evaluate.")] = "starter",
    transcriber: Annotated[str, typer.Option(help="Transcriber, as for `analyze`.")] = DEFAULT_TRANSCRIBER,
    count: Annotated[int, typer.Option(help="Number of lines.", min=2)] = 300,
    noise: Annotated[list[float] | None, typer.Option(help="Signal-to-noise ratio in dB; may be repeated.")] = None,
) -> None:
    """Compare a bundle's predictions for written lines and their transcripts."""
    if shutil.which(SYNTHESIZER) is None:
        raise typer.BadParameter(
            f"{SYNTHESIZER} is not installed; run `apt install {SYNTHESIZER}` or `brew install {SYNTHESIZER}`"
        )
    loaded, asr = load_bundle(bundle), load_transcriber(transcriber)
    examples = lines_of(data, loaded, count)
    console = table_console()
    table = Table(box=None, padding=(0, 1, 0, 0))
    for column in ("words", "word error rate", "emotion wF1", "sentiment wF1", "log loss", "ECE", "neutral predicted"):
        table.add_column(column, no_wrap=True)
    table.add_row("as written", "0.000", *figures(loaded, examples))
    sounds = [speak(spoken_form(e.line[0]), i) for i, e in enumerate(examples) if e.line is not None]
    for level in (None, *(noise if noise is not None else (10.0, 0.0))):
        name = "spoken" if level is None else f"spoken, noise {level:g} dB below"
        transcribed_lines = list(track(transcribed(examples, sounds, asr, level), name, len(examples), console=console))
        table.add_row(
            name,
            f"{word_errors(transcribed_lines):.3f}",
            *figures(loaded, [with_transcript(s, loaded) for s in transcribed_lines]),
        )
    console.print(table)


def lines_of(data: Path, bundle: Bundle, count: int) -> list[Example]:
    """Return `count` held-out lines of at least MIN_WORDS words, selected by hash."""
    examples = CORPORA["meld-text"].read(data, "held-out", bundle.tokenizer)
    long = [e for e in examples if e.line is not None and len(words_of(e.line[0])) >= MIN_WORDS]
    return sorted(long, key=lambda e: hash_fraction(f"respoken {e.content} {e.group}"))[:count]


def spoken_form(text: str) -> str:
    """Remove characters that a synthesizer would read aloud."""
    return text.translate(PLAIN_MARKS).replace("*", " ").strip()


def speak(text: str, number: int) -> FloatArray:
    """Synthesize a line; its number determines the voice and the rate."""
    voice, rate = VOICES[number % len(VOICES)], RATES[number % len(RATES)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "line.wav"
        command = [SYNTHESIZER, "-v", voice, "-s", str(rate), "-w", str(file), "--", text]
        subprocess.run(command, check=True, capture_output=True)
        return read_audio(file)


def transcribed(
    examples: Sequence[Example], sounds: Sequence[FloatArray], transcriber: Transcriber, level: float | None
) -> Iterator[TranscribedLine]:
    """Transcribe every line, with white noise `level` dB below the voice; None for no noise."""
    rng = np.random.default_rng(0)
    for example, sound in zip(examples, sounds, strict=True):
        loudness = 0.0 if level is None else rms(sound) * 10.0 ** (-level / 20.0)
        noisy = (sound + loudness * rng.standard_normal(len(sound))).astype(np.float32)
        segmenter = AudioSegmenter(transcriber, "en", translate=False)
        segmenter.add(noisy)
        segments = [segment for window in segmenter.finish(0.0) for segment in window.segments]
        yield TranscribedLine(example, " ".join(s.text for s in segments if s.text))


def with_transcript(spoken: TranscribedLine, bundle: Bundle) -> Example:
    """Return the example with its transcript as text; without text if the transcript is empty."""
    assert spoken.example.line is not None and bundle.tokenizer is not None
    tokens = bundle.tokenizer(spoken.text, spoken.example.line[1]) if spoken.text else None
    return replace(spoken.example, sample=spoken.example.sample.replaced(text=tokens))


def figures(bundle: Bundle, examples: Sequence[Example]) -> list[str]:
    """Return the table cells of a bundle's figures, under the class frequencies of the lines."""
    encoded = encode(bundle.network, examples)
    predictions, config = predict(bundle.network, encoded), bundle.network.config
    own = class_frequencies(encoded.emotions.tolist(), len(EMOTIONS))
    probabilities = change_prior(predictions.emotions, config.prior_emotion, own)
    emotion = point_figures(probabilities, encoded.emotions)
    sentiment = point_figures(predictions.sentiments, encoded.sentiments)
    neutral = float((probabilities.argmax(axis=1) == EMOTIONS.index("neutral")).mean())
    found = emotion.weighted_f1, sentiment.weighted_f1, emotion.log_loss
    return [*(f"{v:.3f}" for v in found), f"{emotion.ece_signed:+.3f}", f"{neutral:.3f}"]


def word_errors(lines: Sequence[TranscribedLine]) -> float:
    """Return the word error rate: edits over the number of written words."""
    pairs = [(words_of(line.written), words_of(line.text)) for line in lines]
    return sum(edits(written, transcript) for written, transcript in pairs) / sum(len(written) for written, _ in pairs)


def words_of(text: str) -> list[str]:
    """Split a line into words, without case and punctuation."""
    cleaned = "".join(c if c.isalnum() or c == "'" else " " for c in text.translate(PLAIN_MARKS).lower())
    return cleaned.split()


def edits(written: Sequence[str], transcript: Sequence[str]) -> int:
    """Return the minimum number of insertions, deletions and substitutions of words (Levenshtein 1966)."""
    row = list(range(len(transcript) + 1))
    for i, word in enumerate(written, start=1):
        before, row[0] = row[0], i
        for j, other in enumerate(transcript, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]


if __name__ == "__main__":
    typer.run(main)
