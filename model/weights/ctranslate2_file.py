"""The file of a CTranslate2 Whisper (`model.bin`), read into arrays.

Its layout is the one that `ctranslate2.specs.model_spec.ModelSpec._serialize` writes, little-endian throughout:

    uint32 format version, string name of the spec, uint32 its revision
    uint32 count, then for each variable: string name, uint8 rank, uint32 each side, uint8 type, uint32 bytes, data
    uint32 count, then for each alias: string name, string of the variable it stands for

with strings as uint16 length, bytes, a closing zero (which the length counts).
"""

import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

FORMAT_VERSION = 6
SPEC, SPEC_REVISION = "WhisperSpec", 3
# The order of the enumeration DataType in CTranslate2's include/ctranslate2/types.h; bfloat16 is absent, as
# numpy has none and no published Whisper uses it.
TYPES = (np.float32, np.int8, np.int16, np.int32, np.float16)
FLOATS = (np.float32, np.float16)

Array = npt.NDArray[np.float32]
Variables = dict[str, npt.NDArray[np.generic]]


class CheckpointError(ValueError):
    """The file is not a CTranslate2 Whisper that this module understands. The message says where."""


def read_variables(path: Path, prefix: str = "") -> Variables:
    """The variables whose names start with `prefix`, as stored; aliases resolved. Raises CheckpointError."""
    with path.open("rb") as file:
        found = (_number(file, "I"), _string(file), _number(file, "I"))
        if found != (FORMAT_VERSION, SPEC, SPEC_REVISION):
            raise CheckpointError(f"{path} is {found}; only {(FORMAT_VERSION, SPEC, SPEC_REVISION)} is understood")
        read = (_variable(file, path, prefix) for _ in range(_number(file, "I")))
        variables = {name: array for name, array in read if array is not None}
        for _ in range(_number(file, "I")):
            alias, name = _string(file), _string(file)
            if name in variables:
                variables[alias] = variables[name]
    return variables


def as_float(variables: Variables, name: str) -> Array:
    """A variable as float32. Integers are multiplied out by their scale: stored = true * scale, a row each."""
    try:
        stored = variables[name]
    except KeyError as error:
        raise CheckpointError(f"the model lacks {name}") from error
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
        raise CheckpointError(f"{path}: {name} has the type {kind}, which is not understood")
    return name, np.frombuffer(file.read(size), TYPES[kind]).reshape(shape)
