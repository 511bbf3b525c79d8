"""The size of a picture by the first bytes of it, asked for with care.

Addresses of pictures are written by strangers. Only public addresses are asked, over ports 80 and
443; the address that was checked is the one that is connected to; each redirect is checked anew;
what is read is bounded in bytes, the whole of it in time.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

MAX_BYTES = 64 * 1024
"""Read of a picture at the most; its size stands at the beginning, behind a JPEG's comments."""
TIMEOUT = 5.0
"""For one picture, with all redirects."""
REDIRECTS = 3
CONCURRENCY = 8
PORTS = frozenset({80, 443})


@dataclass(frozen=True)
class ImageSize:
    """Width and height in pixels."""

    width: int
    height: int


class _AddressRefused(OSError):
    """The address is not one to ask."""


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the public internet, also inside of an IPv6 one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo or (None, None))[1]
        if inner is not None and not is_public(str(inner)):
            return False
        if found in ipaddress.ip_network("64:ff9b::/96"):
            return is_public(str(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)))
    return found.is_global and not found.is_multicast


class PublicResolver(AbstractResolver):
    """Resolves names to public addresses only; a name with any other address has none."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses to connect to; raises ``OSError`` where one is not public."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        addresses = [(kind, str(where[0])) for kind, _, _, _, where in found]
        if not addresses or not all(is_public(address) for _, address in addresses):
            raise _AddressRefused(f"{host} is not a public address")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=kind,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for kind, address in addresses
        ]

    async def close(self) -> None:
        """There is nothing to let go of."""


class ImageSizeFetcher:
    """Asks for the beginnings of pictures. ``resolver`` makes what resolves names."""

    def __init__(
        self,
        contact: str | None = None,
        *,
        resolver: Callable[[], AbstractResolver] | None = None,
        ports: Iterable[int] = PORTS,
        seconds: float = TIMEOUT,
    ) -> None:
        self._agent = f"pyf.aggregator ({contact})" if contact else "pyf.aggregator"
        self._resolver = resolver or PublicResolver
        self._is_checked = resolver is None
        self._ports = frozenset(ports)
        self._seconds = seconds

    async def sizes(self, urls: Sequence[str]) -> dict[str, ImageSize | None]:
        """The sizes of pictures, some at a time; None where one cannot be told."""
        gate = asyncio.Semaphore(CONCURRENCY)
        connector = aiohttp.TCPConnector(resolver=self._resolver(), use_dns_cache=False)
        async with aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self._agent},
            auto_decompress=False,  # a few bytes could become any number
        ) as session:

            async def one(url: str) -> ImageSize | None:
                async with gate:
                    return await self._size(session, url)

            unique = list(dict.fromkeys(urls))
            return dict(zip(unique, await asyncio.gather(*map(one, unique)), strict=True))

    async def _size(self, session: aiohttp.ClientSession, url: str) -> ImageSize | None:
        try:
            async with asyncio.timeout(self._seconds):
                return image_size(await self._first_bytes(session, url))
        except (OSError, TimeoutError, ValueError, aiohttp.ClientError):
            return None

    async def _first_bytes(self, session: aiohttp.ClientSession, url: str) -> bytes:
        for _ in range(REDIRECTS + 1):
            self._check(url)
            headers = {"Range": f"bytes=0-{MAX_BYTES - 1}", "Accept-Encoding": "identity"}
            async with session.get(url, headers=headers, allow_redirects=False) as answer:
                if answer.status in (301, 302, 303, 307, 308):
                    url = urljoin(url, answer.headers.get("Location", ""))
                    continue
                if answer.status not in (200, 206):
                    return b""
                return await _read(answer)
        return b""

    def _check(self, url: str) -> None:
        """An address in numbers is not resolved, so it is looked at here."""
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        if parts.scheme not in ("http", "https") or port not in self._ports or parts.username:
            raise _AddressRefused(f"{url} is not asked for")
        if self._is_checked and _is_number(host) and not is_public(host):
            raise _AddressRefused(f"{host} is not a public address")


def image_size(data: bytes) -> ImageSize | None:
    """Read the size of a PNG, GIF, JPEG, WebP or BMP from its beginning."""
    try:
        found = _png(data) or _gif(data) or _jpeg(data) or _webp(data) or _bmp(data)
    except (struct.error, IndexError):
        return None
    return ImageSize(*found) if found and min(found) > 0 else None


def _png(data: bytes) -> tuple[int, int] | None:
    is_png = data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR"
    return _pair(">II", data, 16) if is_png else None


def _gif(data: bytes) -> tuple[int, int] | None:
    return _pair("<HH", data, 6) if data[:6] in (b"GIF87a", b"GIF89a") else None


def _bmp(data: bytes) -> tuple[int, int] | None:
    if not data.startswith(b"BM"):
        return None
    width, height = _pair("<ii", data, 18)
    return width, abs(height)


def _jpeg(data: bytes) -> tuple[int, int] | None:
    """Go from segment to segment up to the one that begins a frame."""
    if not data.startswith(b"\xff\xd8"):
        return None
    at = 2
    while data[at] == 0xFF:
        kind = data[at + 1]
        if kind == 0xFF:
            at += 1
        elif 0xC0 <= kind <= 0xCF and kind not in (0xC4, 0xC8, 0xCC):
            height, width = _pair(">HH", data, at + 5)
            return width, height
        else:
            (length,) = struct.unpack_from(">H", data, at + 2)
            at += 2 + max(2, length)
    return None


def _webp(data: bytes) -> tuple[int, int] | None:
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    kind = data[12:16]
    if kind == b"VP8 ":
        width, height = _pair("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
    if kind == b"VP8X":
        wide, high = data[24:27], data[27:30]
        if len(high) < 3:
            return None
        return int.from_bytes(wide, "little") + 1, int.from_bytes(high, "little") + 1
    return None


def _pair(shape: str, data: bytes, at: int) -> tuple[int, int]:
    first, second = struct.unpack_from(shape, data, at)
    return first, second


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    received = bytearray()
    async for block in answer.content.iter_chunked(8 * 1024):
        received += block
        if len(received) >= MAX_BYTES:
            break
    return bytes(received[:MAX_BYTES])


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True
