"""Requests and answers, apart from the connection they travel on."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from http import HTTPStatus

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SampleRequest:
    """A request; header names are lower-case, ``path`` is decoded and without the query."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class SampleResponse:
    """A status, headers and a body. The length is no header here: the sender adds it."""

    status: int
    body: bytes = b""
    headers: Headers = ()
    cacheable: bool = field(default=False, kw_only=True)
    """Carries an ETag and answers ``If-None-Match``."""

    @cached_property
    def etag(self) -> str:
        """The ETag: a digest of the body."""
        return f'"{hashlib.sha1(self.body, usedforsecurity=False).hexdigest()}"'

    @cached_property
    def head(self) -> bytes:
        """Status line and headers, without those that belong to the connection."""
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        lines += [f"ETag: {self.etag}"] if self.cacheable else []
        return "\r\n".join(lines).encode("latin-1")

    @cached_property
    def gzip_body(self) -> bytes:
        """The body as gzip."""
        return gzip.compress(self.body, compresslevel=1, mtime=0)

    @cached_property
    def not_modified(self) -> SampleResponse:
        """The 304 for a client that holds this body."""
        kept = tuple(each for each in self.headers if each[0] != "Content-Type")
        return SampleResponse(HTTPStatus.NOT_MODIFIED, headers=(*kept, ("ETag", self.etag)))
