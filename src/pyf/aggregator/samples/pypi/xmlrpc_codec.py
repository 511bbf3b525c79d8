"""XML-RPC: parsing calls and writing answers.

Answers hold up to hundreds of thousands of values, so lists of rows are written directly;
the standard library's writer takes ten times as long.
"""

from __future__ import annotations

import xmlrpc.client
from collections.abc import Iterable
from html import escape
from typing import Any, NamedTuple
from xml.parsers.expat import ExpatError

from .model import ChangelogRow

CHANGELOG_LIMIT = 50_000
SERVER_ERROR = -32500
UNAVAILABLE = -32403
_NOT_FOUND = -32601
_WRONG_PARAMETERS = -32602
_UNPARSABLE = -32700
REFUSED_METHODS = frozenset(
    (
        "changelog",
        "list_packages",
        "package_data",
        "package_releases",
        "package_urls",
        "release_data",
        "release_urls",
        "search",
        "system.multicall",
        "top_packages",
    )
)
_PARAMETERS: dict[str, tuple[type, ...]] = {
    "browse": (list,),
    "changelog_last_serial": (),
    "changelog_since_serial": (int,),
    "list_packages_with_serial": (),
}


class XmlRpcCall(NamedTuple):
    """One call: the name of a method that is offered and parameters of the right types."""

    method: str
    parameters: tuple[Any, ...]


def parse_call(body: bytes) -> XmlRpcCall:
    """Return the call in a request body.

    Raises:
        xmlrpc.client.Fault: it cannot be parsed, or the method or its parameters are wrong.
    """
    try:
        parameters, method = xmlrpc.client.loads(body)
    except (ExpatError, xmlrpc.client.Error, ValueError, TypeError, KeyError) as error:
        raise xmlrpc.client.Fault(_UNPARSABLE, f"parse error; {error}") from error
    if method in REFUSED_METHODS:
        text = "RuntimeError: this method is no longer supported. See the API documentation."
        raise xmlrpc.client.Fault(SERVER_ERROR, text)
    if method is None or method not in _PARAMETERS:
        raise xmlrpc.client.Fault(_NOT_FOUND, "server error; requested method not found")
    _check(parameters, _PARAMETERS[method])
    return XmlRpcCall(method, parameters)


def method_of(body: bytes) -> str:
    """Return the method that a body names, for counting; ``unknown`` where it names none."""
    _, found, rest = body.partition(b"<methodName>")
    name = rest.partition(b"<")[0].decode("ascii", "replace").strip()
    return name if found and name in (REFUSED_METHODS | set(_PARAMETERS)) else "unknown"


def _check(given: tuple[Any, ...], expected: tuple[type, ...]) -> None:
    if len(given) != len(expected):
        text = f"client error; expected {len(expected)} parameters, got {len(given)}"
        raise xmlrpc.client.Fault(_WRONG_PARAMETERS, text)
    for value, kind in zip(given, expected, strict=True):
        strings = kind is not list or all(isinstance(each, str) for each in value)
        if type(value) is not kind or not strings:
            text = f"client error; expected {kind.__name__}, got {type(value).__name__}"
            raise xmlrpc.client.Fault(_WRONG_PARAMETERS, text)


def fault_response(code: int, text: str) -> bytes:
    """Return a fault as a body."""
    return xmlrpc.client.dumps(xmlrpc.client.Fault(code, text), methodresponse=True).encode()


def rate_limit_fault(seconds: float) -> bytes:
    """Return the fault that stands for 429 here; ``seconds`` until calls are taken again."""
    reason = "the action could not be performed because there were too many requests"
    hint = f"Limit may reset in {max(1, round(seconds))} seconds."
    return fault_response(SERVER_ERROR, f"HTTPTooManyRequests: {reason} by the client. {hint}")


def int_response(value: int) -> bytes:
    """Return an answer of one int."""
    return _response(f"<int>{value}</int>")


def changelog_response(found: Iterable[ChangelogRow]) -> bytes:
    """Return an answer of journal rows."""
    return _array(
        f"<value><string>{row.name}</string></value>{_string(row.version)}"
        f"<value><int>{row.timestamp}</int></value>{_string(row.action)}"
        f"<value><int>{row.serial}</int></value>"
        for row in found
    )


def pairs_response(found: Iterable[tuple[str, str]]) -> bytes:
    """Return an answer of (name, version) pairs."""
    return _array(f"{_string(name)}{_string(version)}" for name, version in found)


def serials_response(listing: Iterable[tuple[str, str, int]]) -> bytes:
    """Return an answer that maps display names to serials."""
    members = "".join(
        f"<member><name>{name}</name><value><int>{serial}</int></value></member>"
        for _, name, serial in listing
    )
    return _response(f"<struct>{members}</struct>")


def _string(value: str | None) -> str:
    if value is None:
        return "<value><nil/></value>"
    return f"<value><string>{escape(value, quote=False)}</string></value>"


def _array(inner: Iterable[str]) -> bytes:
    values = "".join(f"<value><array><data>{row}</data></array></value>" for row in inner)
    return _response(f"<array><data>{values}</data></array>")


def _response(value: str) -> bytes:
    head = "<?xml version='1.0'?>\n<methodResponse><params><param><value>"
    return f"{head}{value}</value></param></params></methodResponse>\n".encode()
