"""Lines of a transcript beside what a transcriber makes of them when they are spoken.

    python -m training.respoken --data DIR/meld --bundle starter

Has a speech synthesizer say the lines of MELD's dev dialogues (espeak-ng, a program of its own: `apt install
espeak-ng`), adds noise, and transcribes them as `analyze` does. Prints how many words come out wrong, and what a bundle
loses by it. Every line keeps the context that it has in its dialogue.
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
from training.data.content_hash import drawn
from training.evaluation.metrics import point_figures
from training.evaluation.scoring import encode, judge, under_prior
from training.terminal import table_console

SYNTHESIZER = "espeak-ng"
VOICES = ("en-us", "en-us+f3", "en-gb", "en-gb+f4", "en-us+m5")
RATES = (140, 165, 190)  # words a minute
LEAST_WORDS = 2


@dataclass(frozen=True)
class Spoken:
    """A line as it was written, and as it was transcribed."""

    example: Example
    text: str

    @property
    def written(self) -> str:
        assert self.example.line is not None
        return self.example.line[0]


def main(
    data: Annotated[Path, typer.Option(help="Folder of MELD's transcripts.")],
    bundle: Annotated[str, typer.Option(help="Bundle that predicts from the words.")] = "starter",
    transcriber: Annotated[str, typer.Option(help="Transcriber, as of `analyze`.")] = DEFAULT_TRANSCRIBER,
    count: Annotated[int, typer.Option(help="Number of lines.", min=2)] = 300,
    noise: Annotated[list[float] | None, typer.Option(help="Speech over noise in dB; may be repeated.")] = None,
) -> None:
    """Compare lines with what a transcriber makes of them."""
    if shutil.which(SYNTHESIZER) is None:
        raise typer.BadParameter(f"there is no {SYNTHESIZER} here; apt install {SYNTHESIZER}, or brew install it")
    loaded, listener = load_bundle(bundle), load_transcriber(transcriber)
    examples = lines_of(data, loaded, count)
    console = table_console()
    table = Table(box=None, padding=(0, 1, 0, 0))
    for column in ("words", "wrong", "emotion wF1", "sentiment wF1", "log loss", "ECE", "neutral predicted"):
        table.add_column(column, no_wrap=True)
    table.add_row("as written", "0.000", *figures(loaded, examples))
    sounds = [speak(spoken_form(e.line[0]), i) for i, e in enumerate(examples) if e.line is not None]
    for level in (None, *(noise if noise is not None else (10.0, 0.0))):
        name = "spoken" if level is None else f"spoken, noise {level:g} dB below"
        heard = list(track(transcribed(examples, sounds, listener, level), name, len(examples), console=console))
        table.add_row(name, f"{word_errors(heard):.3f}", *figures(loaded, [retold(s, loaded) for s in heard]))
    console.print(table)


def lines_of(data: Path, bundle: Bundle, count: int) -> list[Example]:
    """Some of the held-out lines of at least LEAST_WORDS words, chosen by a hash of each."""
    examples = CORPORA["meld-text"].read(data, "held-out", bundle.tokenizer)
    long = [e for e in examples if e.line is not None and len(words_of(e.line[0])) >= LEAST_WORDS]
    return sorted(long, key=lambda e: drawn(f"respoken {e.content} {e.group}"))[:count]


def spoken_form(text: str) -> str:
    """A line without the marks that a synthesizer stumbles over."""
    return text.translate(PLAIN_MARKS).replace("*", " ").strip()


def speak(text: str, number: int) -> FloatArray:
    """The line in one of VOICES at one of RATES, by its number."""
    voice, rate = VOICES[number % len(VOICES)], RATES[number % len(RATES)]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "line.wav"
        command = [SYNTHESIZER, "-v", voice, "-s", str(rate), "-w", str(file), "--", text]
        subprocess.run(command, check=True, capture_output=True)
        return read_audio(file)


def transcribed(
    examples: Sequence[Example], sounds: Sequence[FloatArray], transcriber: Transcriber, level: float | None
) -> Iterator[Spoken]:
    """Yield every line as the transcriber writes it, with white noise so many dB below the voice."""
    rng = np.random.default_rng(0)
    for example, sound in zip(examples, sounds, strict=True):
        loudness = 0.0 if level is None else rms(sound) * 10.0 ** (-level / 20.0)
        noisy = (sound + loudness * rng.standard_normal(len(sound))).astype(np.float32)
        segmenter = AudioSegmenter(transcriber, "en", translate=False)
        segmenter.add(noisy)
        segments = [segment for window in segmenter.finish(0.0) for segment in window.segments]
        yield Spoken(example, " ".join(s.text for s in segments if s.text))


def retold(spoken: Spoken, bundle: Bundle) -> Example:
    """The example with the transcribed words in place of the written ones; with none, without words."""
    assert spoken.example.line is not None and bundle.tokenizer is not None
    tokens = bundle.tokenizer(spoken.text, spoken.example.line[1]) if spoken.text else None
    return replace(spoken.example, sample=spoken.example.sample.replaced(text=tokens))


def figures(bundle: Bundle, examples: Sequence[Example]) -> list[str]:
    """Cells of the table: under the class frequencies of the lines themselves."""
    encoded = encode(bundle.network, examples)
    judged, config = judge(bundle.network, encoded), bundle.network.config
    own = class_frequencies(encoded.emotions.tolist(), len(EMOTIONS))
    probabilities = under_prior(judged.emotions, config.prior_emotion, own)
    emotion = point_figures(probabilities, encoded.emotions)
    sentiment = point_figures(judged.sentiments, encoded.sentiments)
    neutral = float((probabilities.argmax(axis=1) == EMOTIONS.index("neutral")).mean())
    found = emotion.weighted_f1, sentiment.weighted_f1, emotion.log_loss
    return [*(f"{v:.3f}" for v in found), f"{emotion.ece_signed:+.3f}", f"{neutral:.3f}"]


def word_errors(lines: Sequence[Spoken]) -> float:
    """The word error rate: words to insert, delete and replace, over the words that were written."""
    pairs = [(words_of(line.written), words_of(line.text)) for line in lines]
    return sum(edits(written, heard) for written, heard in pairs) / sum(len(written) for written, _ in pairs)


def words_of(text: str) -> list[str]:
    """The words of a line without case and marks."""
    kept = "".join(c if c.isalnum() or c == "'" else " " for c in text.translate(PLAIN_MARKS).lower())
    return kept.split()


def edits(written: Sequence[str], heard: Sequence[str]) -> int:
    """The least number of words to insert, delete and replace (Levenshtein 1966)."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(written, start=1):
        before, row[0] = row[0], i
        for j, other in enumerate(heard, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]


if __name__ == "__main__":
    typer.run(main)
