"""Keys, ids and file types of the core: building and parsing, and the codes of errors."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lambdas.core import clock, errors, file_types
from lambdas.core.errors import DomainError
from lambdas.core.file_types import AVI, CONTAINERS, FLAC, M4A, MATROSKA, MP3, MP4, OGG, QUICKTIME, WAV, WEBM
from lambdas.core.storage import item_keys, object_keys
from tests.model.media_files import Sound, write

owners = st.from_regex(rf"\A{object_keys.OWNER_PATTERN}\Z")
file_ids = st.from_regex(rf"\A{object_keys.FILE_ID_PATTERN}\Z")
analysis_ids = st.from_regex(rf"\A{object_keys.ANALYSIS_ID_PATTERN}\Z")
moments = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


@given(owner=owners, file_id=file_ids, extension=st.sampled_from(sorted(file_types.EXTENSIONS)))
def test_upload_keys_round_trip(owner: str, file_id: str, extension: str) -> None:
    key = object_keys.upload(owner, file_id, extension)
    assert object_keys.parse_upload(key) == (owner, file_id, extension)
    for other in (key + "\n", key + "/", "/" + key, key.upper(), key.replace("uploads/", "drop/"), f"uploads/x/{key}"):
        assert object_keys.parse_upload(other) is None


@given(owner=owners, path=texts.filter(bool))
def test_drop_keys_round_trip(owner: str, path: str) -> None:
    assert object_keys.parse_drop(f"drop/{owner}/{path}") == (owner, path)


@given(texts, texts)
@example("alice/a.mp4", "alice/a.mp4.error")
@example("alice/a.mp4", "alice/a.mp4.json")
def test_no_two_drops_share_a_result_key(one: str, other: str) -> None:
    builders = (object_keys.drop_result, object_keys.drop_error)
    answers = {build(f"drop/{text}") for text in (one, other) for build in builders}
    assert len(answers) == 2 * len({one, other})


@given(owner=owners, path=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=1100))
def test_result_keys_are_under_their_owner_and_short_enough(owner: str, path: str) -> None:
    for answer in (object_keys.drop_result(f"drop/{owner}/{path}"), object_keys.drop_error(f"drop/{owner}/{path}")):
        assert answer.startswith(f"results/{owner}/")
        assert len(answer.encode()) <= 1024


@given(texts)
def test_errors_for_drops_without_an_owner_are_under_no_owner(text: str) -> None:
    key = f"drop/{text}"
    if object_keys.parse_drop(key) is None:
        place = object_keys.drop_error(key).split("/")[1]
        assert not object_keys.is_owner(place)


@given(analysis_ids, st.integers(1, 999))
def test_inference_ids_round_trip(analysis_id: str, attempt: int) -> None:
    assert object_keys.parse_inference_id(object_keys.inference_id(analysis_id, attempt)) == (analysis_id, attempt)


@pytest.mark.parametrize(
    "text", ["", "x.1", "a" * 26, f"{'a' * 26}.0", f"{'a' * 26}.-1", f"{'a' * 26}.1\n", f"{'A' * 26}.1"]
)
def test_invalid_inference_ids(text: str) -> None:
    assert object_keys.parse_inference_id(text) is None


@given(st.lists(st.tuples(texts, texts, texts), min_size=2, max_size=2, unique=True))
def test_different_objects_are_different_analyses(objects: list[tuple[str, str, str]]) -> None:
    one, other = (object_keys.analysis_id("drop", *parts) for parts in objects)
    assert one != other
    assert object_keys.is_analysis_id(one)


def test_an_analysis_id_depends_on_the_source() -> None:
    assert object_keys.analysis_id("drop", "b", "k") != object_keys.analysis_id("upload", "b", "k")


@pytest.mark.parametrize(
    ("head", "container"),
    [
        (b"\0\0\0\x20ftypisom", MP4),
        (b"\0\0\0\x14ftypqt  ", QUICKTIME),
        (b"\0\0\x10\0moov\0\0", QUICKTIME),
        (b"RIFF\x10\0\0\0AVI LIST", AVI),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm", WEBM),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska", MATROSKA),
        (b"RIFF\x10\0\0\0WAVEfmt ", WAV),
        (b"RIFF\x10\0\0\0WEBPVP8 ", None),
        (b"ID3\x04\0\0\0\0\0#TSSE", MP3),
        (b"\xff\xfb\x90\x64", MP3),
        (b"\xff\xf3\x40\xc4", MP3),
        (b"\xff\xf1\x50\x80", None),  # AAC
        (b"\xff\xd8\xff\xe0\0\x10JFIF", None),
        (b"\xff\xfb\xfc\x64", None),  # reserved bit rate
        (b"\xff", None),
        (b"\0\0\0\x1cftypM4A \0", M4A),
        (b"OggS\0\x02", OGG),
        (b"fLaC\0\0\0\x22", FLAC),
        (b"#EXTM3U\nhttp://169.254.169.254/", None),
        (b"<html>", None),
        (b"", None),
        (b"ftyp", None),
    ],
)
def test_a_container_is_detected_by_its_signature(head: bytes, container: object) -> None:
    assert file_types.sniff(head) == container


def test_the_sample_has_the_type_of_its_name(sample: Path) -> None:
    assert file_types.sniff(sample.read_bytes()[: file_types.SIGNATURE_BYTES]) == MP4


@pytest.mark.parametrize(
    "extension", [extension for container in (MP3, M4A, WAV, FLAC, OGG) for extension in container.extensions]
)
def test_an_encoded_audio_file_has_the_type_of_its_name(tmp_path: Path, extension: str) -> None:
    path = write(tmp_path / f"sound{extension}", [], [Sound(np.zeros(48_000, np.float32))])
    assert file_types.sniff(path.read_bytes()[: file_types.SIGNATURE_BYTES]) == file_types.EXTENSIONS[extension]


def test_each_extension_has_one_container() -> None:
    extensions = [extension for container in CONTAINERS for extension in container.extensions]
    assert len(extensions) == len(set(extensions))


@given(moments, moments)
def test_stamps_sort_by_time(one: datetime, other: datetime) -> None:
    one, other = (moment.replace(microsecond=0, tzinfo=UTC) for moment in (one, other))
    assert (clock.stamp(one) < clock.stamp(other)) == (one < other)
    first = clock.next_month(clock.month_of(one))
    assert first > one
    assert (first.day, first.hour) == (1, 0)
    assert clock.month_of(first) != clock.month_of(one)
    assert (first - one).days <= 31


@given(st.text(min_size=1))
def test_every_record_has_a_due_shard(pk: str) -> None:
    assert item_keys.due_shard(pk) in {f"DUE#{shard}" for shard in range(item_keys.DUE_SHARDS)}


def test_every_error_has_its_own_code_and_an_http_status() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, DomainError)]
    assert len({kind.code for kind in kinds}) == len(kinds) > 10
    assert all(400 <= kind.status < 600 and kind.title for kind in kinds)
