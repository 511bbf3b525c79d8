"""The XML-RPC endpoint over the index."""

from __future__ import annotations

import asyncio
import xmlrpc.client
from collections.abc import Iterable
from itertools import islice
from typing import TypeVar

from . import xmlrpc as wire
from .answer import Answer, Request
from .faults import Fault, Quota
from .index import Index

PATHS = frozenset(("/pypi", "/pypi/", "/RPC2"))
_SLICE = 400
_TYPE = ("Content-Type", "text/xml; charset=UTF-8")
_T = TypeVar("_T")


def takes(request: Request) -> bool:
    """Tell whether a request is a call: right address, method and content type."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    return request.method == "POST" and request.path in PATHS and kind == "text/xml"


def refusal(fault: Fault, seconds: float | None) -> Answer:
    """Return the fault that stands for an injected 429 or else 503 here."""
    if fault is Fault.TOO_MANY:
        return Answer(200, wire.too_many(seconds or 1.0), (_TYPE,))
    text = "server error; service unavailable"
    return Answer(200, wire.fault(wire.UNAVAILABLE, text), (_TYPE,))


class Rpc:
    """Answers calls; long ones give way to other requests every few hundred steps."""

    def __init__(self, index: Index, quota: Quota) -> None:
        self._index = index
        self.quota = quota

    async def answer(self, request: Request) -> Answer:
        """Return the answer of a call; faults are answers with status 200."""
        wait = self.quota.refused_for()
        body = wire.too_many(wait) if wait is not None else await self._body(request)
        return Answer(200, body, (_TYPE, *self.quota.headers()))

    async def _body(self, request: Request) -> bytes:
        try:
            call = wire.parse(request.body)
        except xmlrpc.client.Fault as fault:
            return wire.fault(fault.faultCode, fault.faultString)
        match call.method:
            case "changelog_last_serial":
                return wire.number(self._index.last_serial)
            case "changelog_since_serial":
                after = self._index.rows_after(call.parameters[0])
                return wire.rows(await _gently(islice(after, wire.CHANGELOG_LIMIT)))
            case "browse":
                return await self._browse(call.parameters[0])
            case _:
                return wire.serials(self._index.listing(with_quarantined=True))

    async def _browse(self, classifiers: list[str]) -> bytes:
        # The index compares a count with the length of the list, so doubles match nothing.
        if not classifiers or len(set(classifiers)) != len(classifiers):
            return wire.pairs(())
        found = await _gently(self._index.carrying(classifiers))
        return wire.pairs(sorted(pair for pair in found if pair is not None))


async def _gently(steps: Iterable[_T]) -> list[_T]:
    """Return all steps as a list, letting other requests in between."""
    found: list[_T] = []
    iterator = iter(steps)
    while part := list(islice(iterator, _SLICE)):
        found += part
        await asyncio.sleep(0)
    return found
