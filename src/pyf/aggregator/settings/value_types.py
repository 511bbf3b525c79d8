"""The kinds of values that settings take: how each is read from text, and what is allowed."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import SplitResult, urlsplit

from .crontab import check_crontab

T = TypeVar("T")

DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?")
_URL_USER = re.compile(r"(?<=//)[^/?#\s]*@")
_ANY_USER = re.compile(r"(?<=//).*@|^[^/]*:.*@", re.DOTALL)


class Node(NamedTuple):
    """One server of a search cluster."""

    host: str
    port: int
    protocol: str
    path: str = ""

    @property
    def url(self) -> str:
        """The node's root, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.protocol}://{host}:{self.port}{self.path}"


@dataclass(frozen=True)
class ValueType(Generic[T]):
    """How a setting's text becomes its value.

    ``parse`` raises ValueError; its message, where there is one, says what exactly is wrong.
    """

    allowed: str
    parse: Callable[[str], T]


def mask_credentials(text: str) -> str:
    """Return the text with user and password of every URL in it replaced by ``***``."""
    return _URL_USER.sub("***@", text)


def mask_malformed(text: str) -> str:
    """Mask everything in a refused value that may be user and password, however it is written."""
    return _ANY_USER.sub("***@", text)


def line_of_text(allowed: str = "one line of text") -> ValueType[str]:
    """Any text without control characters (it may end in a request header)."""
    return ValueType(allowed, _printable)


def host_name() -> ValueType[str]:
    """A host name or address, without protocol and port."""
    return ValueType("a host name or address without protocol and port", _host)


def one_of(*choices: str) -> ValueType[str]:
    """One of a few words, whatever their case."""

    def parse(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError
        return text.lower()

    return ValueType(" or ".join(choices), parse)


def key_name(what: str) -> ValueType[str]:
    """The key of a profile or collection."""
    return _matching(
        r"[A-Za-z0-9][A-Za-z0-9._-]*",
        f"the name of a {what}: letters, digits, '-', '_', '.', a letter or digit first",
    )


def rate_limit() -> ValueType[str]:
    """A rate limit in Celery's notation."""
    return _matching(r"\d+(\.\d+)?/[smh]", "a number per second, minute or hour, such as 10/s")


def integer(low: int, high: int | None = None) -> ValueType[int]:
    """A whole number within bounds, both included."""

    def parse(text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
            raise ValueError
        value = int(text)
        if value < low or (high is not None and value > high):
            raise ValueError
        return value

    return ValueType(f"a whole number {_bounds(low, high)}", parse)


def positive_integers() -> ValueType[tuple[int, ...]]:
    """Whole numbers above 0, separated by commas."""
    one = integer(1)
    return ValueType(
        "whole numbers above 0, separated by commas",
        lambda text: tuple(one.parse(part.strip()) for part in text.split(",") if part.strip()),
    )


def number(low: float, high: float | None = None, *, above: bool = False) -> ValueType[float]:
    """A number within bounds; with ``above`` the lower bound itself is refused."""

    def parse(text: str) -> float:
        value = float(text)
        too_low = value <= low if above else value < low
        if not math.isfinite(value) or too_low or (high is not None and value > high):
            raise ValueError
        return value

    bounds = f"above {low:g}" if above else _bounds(low, high)
    return ValueType(f"a number {bounds}", lambda text: _without_message(parse, text))


def path() -> ValueType[Path]:
    """A path of the file system; ``~`` is the home folder."""

    def parse(text: str) -> Path:
        try:
            return Path(_printable(text)).expanduser()
        except RuntimeError as error:
            raise ValueError(str(error)) from error

    return ValueType("a path", parse)


def crontab() -> ValueType[str]:
    """A schedule of five crontab fields; the empty text switches the task off."""
    return ValueType(
        "five crontab fields (minute hour day_of_month month day_of_week), "
        "or nothing to switch the task off",
        check_crontab,
    )


def base_url() -> ValueType[str]:
    """The root of a service; a slash at the end is dropped."""
    return ValueType("an http:// or https:// URL without query", parse_base_url)


def index_root() -> ValueType[str]:
    """The root of a package index: ``/simple/`` at the end is dropped."""
    return ValueType("an http:// or https:// URL without query", parse_index_root)


def redis_address() -> ValueType[str]:
    """Where Redis listens: ``host:port`` or a URL."""
    return ValueType("host, host:port, or a redis://, rediss:// or unix:// URL", _redis)


def store_address() -> ValueType[str]:
    """Where the statistics store is: a ClickHouse server, or a folder for chDB."""
    return ValueType("an http:// or https:// URL, or chdb:///folder", _store)


def nodes() -> ValueType[tuple[Node, ...]]:
    """The nodes of a search cluster, separated by commas."""
    return ValueType(
        "host:port:protocol or URLs, separated by commas (protocol http or https)",
        lambda text: tuple(_node(part.strip()) for part in text.split(",") if part.strip()),
    )


def parse_base_url(text: str) -> str:
    """Return the URL without a slash at its end; ValueError unless it is http(s) with a host."""
    if not text.lower().startswith(("http://", "https://")):
        raise ValueError("the protocol is neither http nor https")
    parts = _split(text)
    if parts.query or parts.fragment:
        raise ValueError("it has a query or fragment")
    return text.rstrip("/")


def parse_index_root(text: str) -> str:
    """Return the root below which ``/simple/`` and ``/pypi/`` of a package index lie."""
    return parse_base_url(parse_base_url(text).removesuffix("/simple"))


def _split(text: str) -> SplitResult:
    parts = urlsplit(_printable(text))
    if " " in text:
        raise ValueError("it contains a blank")
    _host(parts.hostname or "")
    if _port(parts) == 0:
        raise ValueError("port 0 cannot be used")
    return parts


def _port(parts: SplitResult) -> int | None:
    """Python's own message would repeat what may be part of a password."""
    try:
        return parts.port
    except ValueError:
        raise ValueError("the port is no number from 1 to 65535") from None


def _store(text: str) -> str:
    if text.startswith("chdb://"):
        if not text.removeprefix("chdb://").startswith("/"):
            raise ValueError("the folder is not absolute: chdb:///folder")
        return _printable(text)
    return parse_base_url(text)


def _redis(text: str) -> str:
    if text.startswith("unix://"):
        return _printable(text)
    if "://" in text:
        if not text.startswith(("redis://", "rediss://")):
            raise ValueError("the protocol is not one of Redis")
    elif "@" in text:
        raise ValueError("user and password need the form redis://user:password@host")
    elif text.count(":") > 1 and not text.startswith("["):
        raise ValueError("an IPv6 address stands in brackets")
    _split(text if "://" in text else f"redis://{text}")
    return text


def _node(text: str) -> Node:
    if "://" not in text:
        return _plain_node(text)
    parts = urlsplit(parse_base_url(text))
    if parts.username is not None:
        raise ValueError("a node has no user and password; the key is TYPESENSE_API_KEY")
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    return Node(parts.hostname or "", port, parts.scheme, parts.path)


def _plain_node(text: str) -> Node:
    match = re.fullmatch(r"(\[[^\]]+\]|[^:\[\]]+):([0-9]+):(\w+)", text)
    if not match:
        raise ValueError(f"node {mask_malformed(text)!r} is not of this form")
    host, port, protocol = match.groups()
    if protocol not in DEFAULT_PORTS:
        raise ValueError(f"protocol {protocol!r} is neither http nor https")
    return Node(_host(host).strip("[]"), integer(1, 65535).parse(port), protocol)


def _host(text: str) -> str:
    try:
        if ":" in text:
            ipaddress.IPv6Address(text.strip("[]"))
            return text
    except ValueError:
        raise ValueError("there is no usable host name") from None
    if not _HOST.fullmatch(text):
        raise ValueError("there is no usable host name")
    return text


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("it contains a control character")
    return text


def _matching(pattern: str, allowed: str) -> ValueType[str]:
    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError
        return text

    return ValueType(allowed, parse)


def _without_message(parse: Callable[[str], float], text: str) -> float:
    """Python's own message repeats the value, which the caller shows already."""
    try:
        return parse(text)
    except ValueError:
        raise ValueError from None


def _bounds(low: float, high: float | None) -> str:
    return f"of {low:g} or more" if high is None else f"from {low:g} to {high:g}"
