"""Sizes of pictures are read from their beginnings, of public addresses alone, within bounds."""

from __future__ import annotations

import asyncio
import contextlib
import io
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiohttp.resolver import ThreadedResolver
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pyf.aggregator.enrich.image_sizes import (
    MAX_BYTES,
    ImageSize,
    ImageSizeFetcher,
    image_size,
    is_public,
)
from pyf.aggregator.enrich.screenshots import ScreenshotsOptions, measure_screenshots
from pyf.aggregator.index import BulkWriter

from ..index import making

KINDS = ("PNG", "GIF", "JPEG", "WEBP", "BMP")


def picture(kind: str, width: int, height: int, **more: object) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (width, height)).save(target, kind, **more)
    return target.getvalue()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(1, 1), (640, 480), (33, 900)])
def test_sizes_are_those_that_another_reader_finds(kind, size):
    assert image_size(picture(kind, *size)) == ImageSize(*size)


def test_a_lossless_one_and_one_behind_a_long_comment_are_read():
    assert image_size(picture("WEBP", 321, 123, lossless=True)) == ImageSize(321, 123)
    assert image_size(picture("JPEG", 321, 123, comment=b"x" * 20_000)) == ImageSize(321, 123)


@given(st.sampled_from(KINDS), st.integers(0, 60))
def test_a_piece_of_a_picture_is_no_error(kind, length):
    assert image_size(picture(kind, 20, 30)[:length]) in (None, ImageSize(20, 30))


@given(
    st.sampled_from([b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8", b"RIFF", b"BM", b""]),
    st.binary(),
)
def test_anything_is_no_error(begin, rest):
    found = image_size(begin + rest)

    assert found is None or (found.width > 0 and found.height > 0)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        *((private, False) for private in ("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1")),
        *((odd, False) for odd in ("169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1")),
        *((inner, False) for inner in ("::1", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1")),
        *((inner, False) for inner in ("::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:7f00:1::")),
        ("nonsense", False),
    ],
)
def test_public_addresses(address, public):
    assert is_public(address) is public


class Pictures(BaseHTTPRequestHandler):
    """Serves pictures and traps."""

    asked: list[str]

    def do_GET(self):
        type(self).asked.append(self.path)
        with contextlib.suppress(OSError):
            self.answer()

    def answer(self):
        if self.path.startswith("/redirect"):
            count = int(self.path.rsplit("-")[-1])
            self.send_response(302)
            self.send_header("Location", f"/redirect-{count - 1}" if count else "/big.png")
            self.end_headers()
            return
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "file:///etc/passwd")
            self.end_headers()
            return
        self.send_response(404 if self.path == "/404.png" else 200)
        self.end_headers()
        if self.path == "/slow.png":
            time.sleep(1.5)
        elif self.path == "/endless.png":
            for _ in range(10_000):
                self.wfile.write(b"x" * MAX_BYTES)
        else:
            self.wfile.write(picture("PNG", *((640, 480) if "big" in self.path else (20, 20))))

    def log_message(self, format, *args):
        pass


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    Pictures.asked = []
    served = ThreadingHTTPServer(("127.0.0.1", 0), Pictures)
    thread = threading.Thread(target=served.serve_forever, args=(0.05,))
    thread.start()
    yield served
    served.shutdown()
    thread.join()
    served.server_close()


def allowed(server, seconds=1.0):
    """Measuring that may ask the test's own server, which is private."""

    async def made(urls):
        port = server.server_address[1]
        return await ImageSizeFetcher(
            resolver=ThreadedResolver, ports={port}, seconds=seconds
        ).sizes(urls)

    return lambda *urls: asyncio.run(made(urls))


def test_sizes_come_from_the_beginning_and_traps_cost_no_more_than_their_bounds(server):
    root = f"http://localhost:{server.server_address[1]}"
    traps = ("/404.png", "/slow.png", "/endless.png", "/redirect-9", "/away")

    found = allowed(server, seconds=60)(f"{root}/big.png", f"{root}/redirect-2")
    trapped = allowed(server)(*(root + trap for trap in traps))

    assert list(found.values()) == [ImageSize(640, 480)] * 2
    assert list(trapped.values()) == [None] * len(traps)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "0x7f.1", "2130706433", "127.1", "[::ffff:7f00:1]"]
)
def test_private_addresses_are_not_asked(server, host):
    port = server.server_address[1]
    url = f"http://{host}:{port}/big.png"

    assert asyncio.run(ImageSizeFetcher(ports={port}).sizes([url])) == {url: None}
    assert Pictures.asked == []


def test_other_ports_schemes_and_passwords_are_not_asked(server):
    port = server.server_address[1]
    urls = [f"http://localhost:{port}/big.png", "ftp://x.example/a.png", "http://u:p@x.example/a"]

    assert asyncio.run(ImageSizeFetcher().sizes(urls)) == dict.fromkeys(urls)
    assert Pictures.asked == []


def test_small_pictures_leave_the_screenshots_of_a_collection(search, collection, server):
    root = f"http://localhost:{server.server_address[1]}"
    shots = [f"{root}/{name}.png" for name in ("1-small", "2-big", "404", "screenshot-tiny")]
    making.make(search, collection)
    writer = BulkWriter(search, collection)
    writer.upsert(making.document("alpha", "1.0", screenshots=shots))
    writer.upsert(making.document("beta", "1.0", screenshots=shots[:1]))
    writer.flush()
    measuring = ImageSizeFetcher(resolver=ThreadedResolver, ports={server.server_address[1]})

    done = measure_screenshots(search, ScreenshotsOptions(collection), measuring)

    found = making.documents(search, collection)
    assert found["alpha-1.0"]["screenshots"] == shots[1:]
    assert "screenshots" not in found["beta-1.0"]
    assert (done.asked, done.dropped, done.updated) == (3, 1, 2)
    assert Pictures.asked.count("/1-small.png") == 1
