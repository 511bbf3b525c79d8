"""Compression of requests and answers, as HTTP names it."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from .errors import ServerError

GZIP_WINDOW = 16 + zlib.MAX_WBITS
FAST_LEVEL = 1
"""Level: the other end is mostly on this machine, so time counts more than size."""


class Decoder(Protocol):
    """Takes compressed bytes in pieces."""

    def feed(self, piece: bytes) -> bytes:
        """What the piece holds."""

    def finish(self) -> None:
        """Raise where the data end too early."""


class Encoder(Protocol):
    """Compresses bytes in pieces."""

    def compress(self, data: bytes, /) -> bytes:
        """What comes out by now."""

    def flush(self) -> bytes:
        """The rest."""


@dataclass
class _Decoder:
    """A decoder of a library: members may follow one another, as in gzip and zstd files."""

    make: Callable[[], Any]
    current: Any = None

    def feed(self, piece: bytes) -> bytes:
        out = b""
        while piece:
            if self.current is None:
                self.current = self.make()
            try:
                out += self.current.decompress(piece)
            except Exception as error:
                raise _decode_error(str(error)) from error
            if not self.current.eof:
                break
            piece, self.current = self.current.unused_data, None
        return out

    def finish(self) -> None:
        if self.current is not None:
            raise _decode_error("the data end too early")


class _Identity:
    def feed(self, piece: bytes) -> bytes:
        return piece

    def finish(self) -> None:
        return None


class _Lz4:
    """lz4's frame has a head that its own object wants to be asked for."""

    def __init__(self, frame: Any) -> None:
        self._compressor = frame.LZ4FrameCompressor(compression_level=0)
        self._head: bytes = self._compressor.begin()

    def compress(self, data: bytes, /) -> bytes:
        head, self._head = self._head, b""
        return head + bytes(self._compressor.compress(data))

    def flush(self) -> bytes:
        head, self._head = self._head, b""
        return head + bytes(self._compressor.flush())


def content_decoder(name: str) -> Decoder:
    """What undoes a ``Content-Encoding``; refuses one that is not known here."""
    if name in ("", "identity"):
        return _Identity()
    if name in ("gzip", "x-gzip"):
        return _Decoder(lambda: zlib.decompressobj(GZIP_WINDOW))
    if name == "deflate":
        return _Decoder(zlib.decompressobj)
    if name == "lz4" and (lz4 := _module("lz4.frame")):
        return _Decoder(lz4.LZ4FrameDecompressor)
    if name == "zstd" and (zstd := _zstd()):
        return _Decoder(zstd.ZstdDecompressor)
    raise ServerError(89, "UNKNOWN_COMPRESSION_METHOD", f"Unknown compression method {name}")


def content_encoder(accepted: str) -> tuple[str, Encoder | None]:
    """The first coding of ``Accept-Encoding`` that is known here, and what does it."""
    for item in accepted.split(","):
        name, _, quality = item.strip().lower().partition(";")
        if quality.replace(" ", "") in ("q=0", "q=0.0"):
            continue
        if name in _ENCODERS and (made := _ENCODERS[name]()):
            return name, made
    return "", None


def _gzip() -> Encoder:
    return zlib.compressobj(FAST_LEVEL, wbits=GZIP_WINDOW)


def _deflate() -> Encoder:
    return zlib.compressobj(FAST_LEVEL)


def _lz4() -> Encoder | None:
    frame = _module("lz4.frame")
    return _Lz4(frame) if frame else None


def _zstd_encoder() -> Encoder | None:
    zstd = _zstd()
    return zstd.ZstdCompressor(level=FAST_LEVEL) if zstd else None


_ENCODERS: dict[str, Callable[[], Encoder | None]] = {
    "gzip": _gzip,
    "deflate": _deflate,
    "lz4": _lz4,
    "zstd": _zstd_encoder,
}


def _zstd() -> Any:
    return _module("compression.zstd") or _module("backports.zstd")


def _module(name: str) -> Any:
    """A module that is there with some versions of Python and its client only."""
    try:
        return import_module(name)
    except ImportError:
        return None


def _decode_error(why: str) -> ServerError:
    return ServerError(354, "ZLIB_INFLATE_FAILED", f"the compressed data cannot be read: {why}")
