"""Make the demonstration's second video: a face that weeps and then laughs, without a word.

    python -m scripts.silent

The picture of tests/media/face_and_speech.mp4 as it is, without the sound, which belongs to somebody else.
"""

from pathlib import Path

import av

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "tests" / "media" / "face_and_speech.mp4"
OUT = ROOT / "examples" / "without_words.mp4"


def main() -> None:
    """Copy the packets of the picture; nothing is encoded again."""
    with av.open(SOURCE, "r") as source, av.open(OUT, "w", options={"movflags": "+faststart"}) as container:
        picture = source.streams.video[0]
        copy = container.add_stream_from_template(picture)
        for packet in source.demux(picture):
            if packet.dts is not None:  # the last one, empty, ends the stream
                packet.stream = copy
                container.mux(packet)


if __name__ == "__main__":
    main()
