"""Files of streams: they come back whole, and damaged, foreign and newer ones give a sentence."""

import json
import struct
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hsbench.errors import DataError
from hsbench.models.coding import container
from hsbench.models.coding.container import CodedClip, Header

HEADER = Header(
    "inr-siren", 2, {"width": 8, "omega_0": 2000.0, "start": "random"}, None, 22050, 100, 250, {"w0": [8, 1]}
)
CLIPS = [CodedClip(0.5, b"first"), CodedClip(0.0, None), CodedClip(1.0, bytes(300))]
FILE = container.write(HEADER, CLIPS)


def signed(body):
    """A file with a right checksum."""
    return body + struct.pack("<I", zlib.crc32(body))


def with_header(document):
    text = zlib.compress(json.dumps(document).encode())
    return signed(b"HSB\x01" + struct.pack("<I", len(text)) + text)


def test_header_and_clips_come_back():
    assert container.read(FILE, "a.hsb") == (HEADER, CLIPS)
    assert container.read(container.write(HEADER, []), "a.hsb") == (HEADER, [])


@pytest.mark.parametrize("size", [0, 3, 11, 40, len(FILE) - 1])
def test_a_file_that_is_cut_off_is_refused(size):
    with pytest.raises(DataError, match=r"a.hsb is (of another kind or cut off|damaged)"):
        container.read(FILE[:size], "a.hsb")


@given(position=st.integers(0, len(FILE) - 1), value=st.integers(1, 255))
@settings(max_examples=200, deadline=None)
def test_one_altered_byte_is_noticed(position, value):
    altered = bytearray(FILE)
    altered[position] ^= value
    with pytest.raises(DataError, match="a.hsb"):
        container.read(bytes(altered), "a.hsb")


@given(body=st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_foreign_bytes_with_a_right_checksum_give_one_sentence(body):
    with pytest.raises(DataError, match="no valid stream of hsbench"):
        container.read(signed(b"HSB\x01" + struct.pack("<I", 20) + b"0" * 20 + body), "a.hsb")


@given(
    document=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=8,
    ),
    key=st.sampled_from(sorted(vars(HEADER))),
)
@settings(max_examples=200, deadline=None)
def test_a_header_with_anything_in_it_is_read_or_refused_in_a_sentence(document, key):
    try:
        header, clips = container.read(with_header({**vars(HEADER), key: document}), "a.hsb")
    except DataError as error:
        header, clips, message = container.Header(**{**vars(HEADER), key: document}), [], str(error)
    else:
        message = "no valid stream of hsbench"
    assert "no valid stream of hsbench" in message
    assert clips == []
    assert getattr(header, key) == document


def test_other_kinds_of_files_and_newer_formats_are_named():
    with pytest.raises(DataError, match="expected a stream that hsbench encode wrote, and a.wav is of another kind"):
        container.read(b"RIFF" + bytes(100), "a.wav")
    with pytest.raises(DataError, match="a.hsb has format version 9 and this hsbench reads up to 1; install a newer"):
        container.read(b"HSB\x09" + bytes(100), "a.hsb")


def test_a_header_that_unpacks_to_gigabytes_is_refused():
    text = zlib.compress(b" " * (1 << 22))
    with pytest.raises(DataError, match="its header is cut off or too long"):
        container.read(signed(b"HSB\x01" + struct.pack("<I", len(text)) + text), "a.hsb")
