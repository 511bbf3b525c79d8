"""PyPI's XML-RPC methods: the exact journal, and projects by classifier.

It stands behind this module alone, since PyPI may retire it. Its rate limit is not an HTTP
status but a fault that names the seconds to wait.
"""

from __future__ import annotations

import re
import xmlrpc.client
from collections.abc import AsyncIterator
from typing import Any
from xml.parsers.expat import ExpatError

from ...http import (
    Fetcher,
    HttpResponse,
    InvalidBody,
    RetryableStatus,
    UpstreamError,
    expect_status,
)
from ..results import ChangelogEntry

PAGE = 50_000
"""Rows that one ``changelog_since_serial`` answers with at the most."""

HEADERS = {"Content-Type": "text/xml"}
UNAVAILABLE = -32403
"""Fault code for "service unavailable"."""
TOO_MANY = re.compile(r"HTTPTooManyRequests.*?(?:in (\d+) second|$)", re.S)


class XmlRpc:
    """Call PyPI's XML-RPC interface at ``<base>/pypi``."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    async def changes(self, since: int) -> AsyncIterator[list[ChangelogEntry]]:
        """Yield pages of the journal after serial ``since``, ascending, until there is no more."""
        while True:
            rows = await self._call("changelog_since_serial", since)
            page = [ChangelogEntry(str(n), v, int(t), str(a), int(s)) for n, v, t, a, s in rows]
            if page:
                yield page
                since = page[-1].serial
            if len(page) < PAGE:
                return

    async def last_serial(self) -> int:
        """Return the newest serial of the journal."""
        return int(await self._call("changelog_last_serial"))

    async def browse(self, classifier: str) -> set[str]:
        """Return the names of the projects with any release that carries the classifier."""
        return {str(name) for name, _version in await self._call("browse", [classifier])}

    async def _call(self, method: str, *parameters: Any) -> Any:
        body = xmlrpc.client.dumps(parameters, method, encoding="utf-8").encode()
        try:
            return await self._fetcher.post("/pypi", body, headers=HEADERS, check=_result)
        except xmlrpc.client.Fault as fault:
            reason = f"XML-RPC {method}: {fault.faultString}"
            raise UpstreamError(self._fetcher.base, reason) from fault


def _result(answer: HttpResponse) -> Any:
    expect_status(answer, 200)
    try:
        (value,), _method = xmlrpc.client.loads(answer.body.decode("utf-8"), use_builtin_types=True)
    except xmlrpc.client.Fault as fault:
        _raise_for_retry(fault)
        raise
    except (ExpatError, ValueError, TypeError, xmlrpc.client.ResponseError) as error:
        raise InvalidBody(f"malformed XML-RPC answer ({error})") from None
    return value


def _raise_for_retry(fault: xmlrpc.client.Fault) -> None:
    """Raise ``RetryableStatus`` for the two faults that stand in for HTTP 429 and 503."""
    if match := TOO_MANY.search(str(fault.faultString)):
        raise RetryableStatus(429, float(match.group(1) or 1))
    if fault.faultCode == UNAVAILABLE:
        raise RetryableStatus(503, None)
