"""Create the demonstration's second video: a face that weeps and then laughs, without words.

    python -m scripts.silent

It is the video stream of tests/media/face_and_speech.mp4 without its audio, which has another copyright holder.
"""

from pathlib import Path

import av

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "tests" / "media" / "face_and_speech.mp4"
OUT = ROOT / "examples" / "without_words.mp4"


def main() -> None:
    """Copy the video packets without re-encoding."""
    with av.open(SOURCE, "r") as source, av.open(OUT, "w", options={"movflags": "+faststart"}) as container:
        video = source.streams.video[0]
        copy = container.add_stream_from_template(video)
        for packet in source.demux(video):
            if packet.dts is not None:  # the last packet is empty and ends the stream
                packet.stream = copy
                container.mux(packet)


if __name__ == "__main__":
    main()
