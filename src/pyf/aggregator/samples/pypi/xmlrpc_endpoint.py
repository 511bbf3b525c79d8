"""The XML-RPC endpoint over the index."""

from __future__ import annotations

import asyncio
import xmlrpc.client
from collections.abc import Iterable
from itertools import islice
from typing import TypeVar

from . import xmlrpc_codec as wire
from .faults import CallQuota, Fault
from .http_messages import SampleRequest, SampleResponse
from .sample_index import SampleIndex

PATHS = frozenset(("/pypi", "/pypi/", "/RPC2"))
_STEPS_PER_SLICE = 400
_TYPE = ("Content-Type", "text/xml; charset=UTF-8")
_T = TypeVar("_T")


def is_xmlrpc_call(request: SampleRequest) -> bool:
    """Tell whether a request is a call: right address, method and content type."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    return request.method == "POST" and request.path in PATHS and kind == "text/xml"


def refusal(fault: Fault, seconds: float | None) -> SampleResponse:
    """Return the fault that stands for an injected 429 or else 503 here."""
    if fault is Fault.TOO_MANY:
        return SampleResponse(200, wire.rate_limit_fault(seconds or 1.0), (_TYPE,))
    text = "server error; service unavailable"
    return SampleResponse(200, wire.fault_response(wire.UNAVAILABLE, text), (_TYPE,))


class XmlRpcEndpoint:
    """Answers calls; long ones give way to other requests every few hundred steps."""

    def __init__(self, index: SampleIndex, quota: CallQuota) -> None:
        self._index = index
        self.quota = quota

    async def answer(self, request: SampleRequest) -> SampleResponse:
        """Return the answer of a call; faults are answers with status 200."""
        wait = self.quota.retry_after()
        body = wire.rate_limit_fault(wait) if wait is not None else await self._body(request)
        return SampleResponse(200, body, (_TYPE, *self.quota.headers()))

    async def _body(self, request: SampleRequest) -> bytes:
        try:
            call = wire.parse_call(request.body)
        except xmlrpc.client.Fault as fault:
            return wire.fault_response(fault.faultCode, fault.faultString)
        match call.method:
            case "changelog_last_serial":
                return wire.int_response(self._index.last_serial)
            case "changelog_since_serial":
                after = self._index.rows_after(call.parameters[0])
                return wire.changelog_response(
                    await _collect_cooperatively(islice(after, wire.CHANGELOG_LIMIT))
                )
            case "browse":
                return await self._browse(call.parameters[0])
            case _:
                return wire.serials_response(self._index.listing(with_quarantined=True))

    async def _browse(self, classifiers: list[str]) -> bytes:
        # The index compares a count with the length of the list, so doubles match nothing.
        if not classifiers or len(set(classifiers)) != len(classifiers):
            return wire.pairs_response(())
        found = await _collect_cooperatively(self._index.releases_with_classifiers(classifiers))
        return wire.pairs_response(sorted(pair for pair in found if pair is not None))


async def _collect_cooperatively(steps: Iterable[_T]) -> list[_T]:
    """Return all steps as a list, letting other requests in between."""
    found: list[_T] = []
    iterator = iter(steps)
    while part := list(islice(iterator, _STEPS_PER_SLICE)):
        found += part
        await asyncio.sleep(0)
    return found
