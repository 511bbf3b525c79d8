"""Compression of requests and answers."""

from __future__ import annotations

import gzip
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator.embedded.store.compression import content_decoder, content_encoder
from pyf.aggregator.embedded.store.errors import ServerError

NAMES = ("gzip", "deflate", "lz4", "zstd")


def read(name: str, data: bytes, cuts: list[int]) -> bytes:
    coding = content_decoder(name)
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    out = b"".join(coding.feed(data[a:b]) for a, b in pairwise(places))
    coding.finish()
    return out


@pytest.mark.parametrize("name", NAMES)
@given(
    pieces=st.lists(st.binary(max_size=2000), max_size=5), cuts=st.lists(st.integers(0), max_size=4)
)
def test_what_is_packed_is_unpacked(name, pieces, cuts):
    chosen, made = content_encoder(name)
    packed = b"".join(map(made.compress, pieces)) + made.flush()

    assert chosen == name
    assert read(name, packed, cuts) == b"".join(pieces)


@pytest.mark.parametrize("name", NAMES)
def test_data_that_end_too_early_or_are_none_are_refused(name):
    _, made = content_encoder(name)
    packed = made.compress(b"x" * 1000) + made.flush()

    with pytest.raises(ServerError):
        read(name, packed[:-3], [])
    with pytest.raises(ServerError):
        read(name, b"no such data at all", [])


def test_members_may_follow_one_another():
    assert read("gzip", gzip.compress(b"a") + gzip.compress(b"b"), [5]) == b"ab"


def test_the_first_coding_that_is_known_is_taken():
    assert content_encoder("br, gzip;q=0, lz4, zstd")[0] == "lz4"
    assert content_encoder("identity") == ("", None)
    assert content_encoder("") == ("", None)


def test_an_unknown_coding_is_refused():
    assert read("", b"plain", []) == b"plain"
    with pytest.raises(ServerError, match="snappy"):
        content_decoder("snappy")
