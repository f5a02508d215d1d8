"""Reader of CTranslate2 Whisper files (`model.bin`).

The little-endian layout is that of `ctranslate2.specs.model_spec.ModelSpec._serialize`:

    uint32 format version, string name of the spec, uint32 its revision
    uint32 count, then for each variable: string name, uint8 rank, uint32 each side, uint8 type, uint32 bytes, data
    uint32 count, then for each alias: string name, string name of its variable

with strings as uint16 length, bytes, and a terminating zero (included in the length).
"""

import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

FORMAT_VERSION = 6
SPEC, SPEC_REVISION = "WhisperSpec", 3
# In the order of the enumeration DataType in CTranslate2's include/ctranslate2/types.h. bfloat16 is omitted: numpy does
# not support it, and no published Whisper uses it.
TYPES = (np.float32, np.int8, np.int16, np.int32, np.float16)
FLOATS = (np.float32, np.float16)

Array = npt.NDArray[np.float32]
Variables = dict[str, npt.NDArray[np.generic]]


class CheckpointError(ValueError):
    """The file is not a supported CTranslate2 Whisper. The message gives the location."""


def read_variables(path: Path, prefix: str = "") -> Variables:
    """Read the variables whose names start with `prefix`, with aliases resolved. Raises CheckpointError."""
    with path.open("rb") as file:
        found = (_number(file, "I"), _string(file), _number(file, "I"))
        if found != (FORMAT_VERSION, SPEC, SPEC_REVISION):
            raise CheckpointError(f"{path} is {found}; only {(FORMAT_VERSION, SPEC, SPEC_REVISION)} is supported")
        read = (_variable(file, path, prefix) for _ in range(_number(file, "I")))
        variables = {name: array for name, array in read if array is not None}
        for _ in range(_number(file, "I")):
            alias, name = _string(file), _string(file)
            if name in variables:
                variables[alias] = variables[name]
    return variables


def as_float(variables: Variables, name: str) -> Array:
    """Return a variable as float32; quantized integers are divided by their scale, which is per row."""
    try:
        stored = variables[name]
    except KeyError as error:
        raise CheckpointError(f"missing variable {name}") from error
    if stored.dtype in FLOATS:
        return stored.astype(np.float32)
    scale = np.asarray(variables[f"{name}_scale"], np.float32)
    if scale.ndim:
        scale = scale.reshape(-1, *[1] * (stored.ndim - 1))
    return np.asarray(stored.astype(np.float32) / scale, dtype=np.float32)


def _number(file: BinaryIO, kind: str) -> int:
    (value,) = struct.unpack(f"<{kind}", file.read(struct.calcsize(f"<{kind}")))
    return int(value)


def _string(file: BinaryIO) -> str:
    return file.read(_number(file, "H"))[:-1].decode()


def _variable(file: BinaryIO, path: Path, prefix: str) -> tuple[str, npt.NDArray[np.generic] | None]:
    name = _string(file)
    shape = [_number(file, "I") for _ in range(_number(file, "B"))]
    kind, size = _number(file, "B"), _number(file, "I")
    if not name.startswith(prefix):
        file.seek(size, 1)
        return name, None
    if kind >= len(TYPES):
        raise CheckpointError(f"{path}: {name} has the unsupported type {kind}")
    return name, np.frombuffer(file.read(size), TYPES[kind]).reshape(shape)
