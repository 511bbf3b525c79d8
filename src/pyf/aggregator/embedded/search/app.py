"""The server as a Starlette application: paths, keys, threads, and answers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote

import apsw
import orjson
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route as StarletteRoute

from . import collection_routes, document_routes, operation_routes, search_routes
from .errors import ApiError, bad_request, not_found
from .jsonl import LineBatcher, import_lines
from .routing import ApiRequest, ApiResponse, Backend, Route
from .search_routes import KEY_PARAMETER
from .writes import ACTIONS

log = logging.getLogger(__name__)

READER_THREADS = 8
WRITER_THREADS = 4
MAX_QUERY_LENGTH = 4000
MAX_SPOOLED_BYTES = 8 * 1024 * 1024
CHUNK_BYTES = 256 * 1024
JSON_TYPE = "application/json; charset=utf-8"
JSONL_TYPE = "text/plain; charset=utf-8"
OUT_OF_DISK = "Rejecting write: running out of resource type: OUT_OF_DISK"
CORS = {"access-control-allow-origin": "*"}
PREFLIGHT = CORS | {
    "access-control-allow-methods": "POST, GET, DELETE, PUT, PATCH, OPTIONS",
    "access-control-allow-headers": "*",
    "access-control-max-age": "86400",
}
IMPORT_PATH = "/collections/:collection/documents/import"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"]
Result = TypeVar("Result")


def _import_placeholder(_: ApiRequest) -> ApiResponse:
    """In place of a handler: an import is written while it comes in, by ``Application``."""
    raise not_found("Not Found")


# Fixed words of a path go before its variable parts, so longer fixed paths come first.
ROUTES: tuple[Route, ...] = (
    Route("POST", IMPORT_PATH, "documents:import", _import_placeholder, writes=True),
    *search_routes.ROUTES,
    *document_routes.ROUTES,
    *collection_routes.ROUTES,
    *operation_routes.ROUTES,
)


def find_route(method: str, raw_path: bytes) -> tuple[Route, dict[str, str]] | None:
    """The route of a request and the decoded variable parts of its path.

    The path is cut before it is decoded: a document's id may hold an encoded slash.
    """
    parts = [unquote(part) for part in raw_path.decode("ascii", "replace").strip("/").split("/")]
    for route in ROUTES:
        pattern = route.path.strip("/").split("/")
        if route.method != method or len(pattern) != len(parts):
            continue
        pairs = list(zip(pattern, parts, strict=True))
        if all(wanted.startswith(":") or wanted == part for wanted, part in pairs):
            return route, {w[1:]: part for w, part in pairs if w.startswith(":")}
    refusing = operation_routes.UNSUPPORTED_ROUTES.get(parts[0])
    return None if refusing is None else (refusing, {})


class SearchApplication:
    """Takes requests, checks their keys, and runs handlers on threads beside the event loop."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self._readers = ThreadPoolExecutor(READER_THREADS, "search-reader")
        self._writers = ThreadPoolExecutor(WRITER_THREADS, "search-writer")

    async def __call__(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=200, headers=PREFLIGHT)
        began = time.perf_counter()
        found = find_route(request.method, request.scope["raw_path"].split(b"?")[0])
        try:
            if found is None:
                raise not_found("Not Found")
            route, path = found
            response = await self._respond(request, route, path)
        except ApiError as error:
            response = _json({"message": str(error)}, error.status)
        except apsw.FullError:
            response = _json({"message": OUT_OF_DISK}, 422)
        except ClientDisconnect:
            return Response(status_code=499)
        except Exception:
            log.exception("%s %s failed", request.method, request.url.path)
            response = _json({"message": "Internal error: see the log of the server."}, 500)
        if response.status_code >= 400:
            await _drain(request)
        if found is not None:
            self._count(found[0], time.perf_counter() - began)
        return response

    async def _respond(self, request: Request, route: Route, path: dict[str, str]) -> Response:
        call = self._authorize(request, route, path)
        if route.path == IMPORT_PATH:
            return await self._import(request, call)
        call = ApiRequest(
            call.backend, path, call.query, await request.body(), call.grant, call.api_key
        )
        if not route.action:
            return _json(route.handler(call).body, 200)
        answer = await self._run(route.writes, lambda: route.handler(call))
        if answer.stream is not None:
            return StreamingResponse(
                self._iter_chunks(answer.stream), media_type=JSONL_TYPE, headers=CORS
            )
        return _json(answer.body, answer.status)

    def _authorize(self, request: Request, route: Route, path: dict[str, str]) -> ApiRequest:
        query = dict(request.query_params)
        is_search = request.method == "GET" and route.path.endswith("/search")
        if is_search and len(request.url.query) > MAX_QUERY_LENGTH:
            raise bad_request(
                f"Query string exceeds max allowed length of {MAX_QUERY_LENGTH}. Use the "
                "/multi_search end-point for larger payloads."
            )
        key = request.headers.get(KEY_PARAMETER) or query.pop(KEY_PARAMETER, None)
        query.pop(KEY_PARAMETER, None)
        call = ApiRequest(self.backend, path, query, api_key=key)
        if not route.action or not route.checked:
            return call
        names = [path["collection"]] if "collection" in path else []
        grant = self.backend.keys.authorize(key, _action(route, query), names)
        return ApiRequest(self.backend, path, query, grant=grant, api_key=key)

    async def _run(self, writes: bool, work: Callable[[], Result]) -> Result:
        pool = self._writers if writes else self._readers
        return await asyncio.get_running_loop().run_in_executor(pool, work)

    async def _import(self, request: Request, call: ApiRequest) -> Response:
        """Write a stream of lines batch by batch while it comes in; keep only the answers."""
        collection = self.backend.collections.get(call.collection_name)
        options = document_routes.import_options(call, collection)
        cutter = LineBatcher()
        answers = tempfile.SpooledTemporaryFile(MAX_SPOOLED_BYTES)  # noqa: SIM115
        async for chunk in request.stream():
            for lines in cutter.feed(chunk):
                await self._write_batch(
                    answers, lines, lambda some: import_lines(collection, some, options)
                )
        rest = cutter.finish()
        if rest:
            await self._write_batch(
                answers, rest, lambda some: import_lines(collection, some, options)
            )
        return StreamingResponse(_read_spooled(answers), media_type=JSONL_TYPE, headers=CORS)

    async def _write_batch(
        self,
        answers: tempfile.SpooledTemporaryFile[bytes],
        lines: list[bytes],
        write: Callable[[list[bytes]], list[bytes]],
    ) -> None:
        written = await self._run(True, lambda: write(lines))
        separator = b"\n" if answers.tell() else b""
        answers.write(separator + b"\n".join(written))

    async def _iter_chunks(self, stream: Iterator[bytes]) -> AsyncIterator[bytes]:
        while (piece := await self._run(False, lambda: next(stream, None))) is not None:
            yield piece

    def _count(self, route: Route, seconds: float) -> None:
        kind = "search" if route.action == "documents:search" else ""
        if route.writes and "/documents" in route.path:
            kind = "import" if route.path == IMPORT_PATH else "write"
            kind = "delete" if route.method == "DELETE" else kind
        self.backend.stats.count(kind, f"{route.method} {route.path}", seconds)

    def warm_up(self) -> None:
        """Read the columns of all collections in the background, before someone waits for them."""
        for collection in self.backend.collections.all():
            self._readers.submit(collection.columns)

    def close(self) -> None:
        self._readers.shutdown(cancel_futures=True)
        self._writers.shutdown()
        self.backend.close()


def _action(route: Route, query: Mapping[str, str]) -> str:
    """What the key must allow; how a single document is written decides for that route."""
    if route.action == "documents:create" and query.get("action") in ACTIONS:
        return f"documents:{query['action']}"
    return route.action


async def _drain(request: Request) -> None:
    """Take the rest of a refused request, so that its sender reads the refusal."""
    with contextlib.suppress(ClientDisconnect, RuntimeError):
        async for _ in request.stream():
            pass


async def _read_spooled(answers: tempfile.SpooledTemporaryFile[bytes]) -> AsyncIterator[bytes]:
    answers.seek(0)
    with answers:
        while piece := answers.read(CHUNK_BYTES):
            yield piece


def _json(body: object, status: int) -> Response:
    return Response(orjson.dumps(body), status, headers=CORS, media_type=JSON_TYPE)


def create_app(data_dir: Path, api_key: str) -> Starlette:
    """The application over the data in a folder; ``api_key`` may do everything."""
    application = SearchApplication(Backend(data_dir, api_key))

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        application.warm_up()
        yield
        application.close()

    async def endpoint(request: Request) -> Response:
        return await application(request)

    route = StarletteRoute("/{path:path}", endpoint, methods=METHODS)
    return Starlette(routes=[route], lifespan=lifespan)
