"""The connection to the search server: the official client, and errors in the project's words."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

import requests
import typesense
from typesense import exceptions as ts

from ..errors import AggregatorError, NotFound, ServiceRefused, ServiceUnreachable, UsageError
from ..settings import Node, Settings
from .nodes import nodes_of

T = TypeVar("T")

TRANSIENT = (ts.ServiceUnavailable, ts.ServerError, ts.HTTPStatus0Error, ts.Timeout)
CHECK_TIMEOUT = 5.0
"""Seconds that the first contact of a run waits before it says that the server is away."""


class SearchServer:
    """A Typesense server, or one that answers as it does.

    ``patience`` is the time in seconds over which a write that meets an absent or overloaded
    server is tried again before it counts as failed.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        api_key: str,
        timeout: float = 120.0,
        *,
        patience: float = 300.0,
    ) -> None:
        self.nodes = nodes
        self.patience = patience
        self.key = api_key
        self._timeout = timeout
        self._given_up = threading.Event()
        self.client = self._connect(timeout)

    @classmethod
    def from_settings(cls, settings: Settings) -> SearchServer:
        """Connect to the configured server, else to the local stack that runs on this machine."""
        nodes, key = nodes_of(settings)
        return cls(nodes, key, settings.typesense_timeout)

    @property
    def url(self) -> str:
        """The address of the first node."""
        return self.nodes[0].url

    def check(self) -> None:
        """Raise ``ServiceUnreachable`` or ``ServiceRefused`` at once when no node can be worked
        with.
        """
        reasons = [self._node_problem(node) for node in self.nodes]
        if all(reasons):
            raise ServiceUnreachable(self._name(), str(reasons[0]))
        self.call(lambda client: client.collections.retrieve())

    def call(self, action: Callable[[Any], T]) -> T:
        """Run one call of the official client; its errors become the project's.

        ``action`` gets the ``typesense.Client``; it is passed plain JSON, so its own types of
        parameters are not insisted on.
        """
        try:
            return action(self.client)
        except ts.ObjectNotFound as error:
            raise NotFound(_short(error)) from error
        except (ts.RequestUnauthorized, ts.RequestForbidden) as error:
            raise ServiceRefused(f"{self._name()} refuses the API key ({_short(error)})") from error
        except TRANSIENT as error:
            raise ServiceUnreachable(self._name(), _short(error)) from error
        except ts.TypesenseClientError as error:
            raise ServiceRefused(f"{self._name()}: {_short(error)}") from error
        except OSError as error:
            raise ServiceUnreachable(self._name(), _short(error)) from error
        except Exception as error:
            if not _is_transport_error(error):
                raise
            raise ServiceUnreachable(self._name(), _short(error)) from error

    def with_retry(self, action: Callable[[Any], T]) -> T:
        """Like ``call``, but wait for a server that is away or overloaded, up to ``patience``."""
        deadline = time.monotonic() + self.patience
        pause = 0.25
        while True:
            try:
                return self.call(action)
            except ServiceUnreachable:
                if time.monotonic() + pause > deadline:
                    raise
            if self._given_up.wait(pause):
                raise ServiceUnreachable(self._name(), "nobody waits for it any more")
            pause = min(pause * 2, 5.0)

    def stop_retrying(self) -> None:
        """End all patience from now on, also that of other threads: the run is interrupted."""
        self._given_up.set()

    def export(self, collection: str, parameters: Mapping[str, Any]) -> Iterator[bytes]:
        """Yield the lines of an export as they arrive; the official client would hold them all."""
        path = f"/collections/{quote(collection, safe='')}/documents/export"
        try:
            with self._get(path, parameters) as answer:
                if answer.status_code != 200:
                    raise self._refusal(answer, f"export of {collection}")
                yield from (line for line in answer.iter_lines(1 << 16) if line)
        except requests.RequestException as error:
            raise ServiceUnreachable(self._name(), _short(error)) from error

    def _get(self, path: str, parameters: Mapping[str, Any]) -> requests.Response:
        """Return the answer of the first node that gives one, which is still to be read."""
        headers = {"X-TYPESENSE-API-KEY": self.key}
        for number, node in enumerate(self.nodes, 1):
            is_last = number == len(self.nodes)
            try:
                answer = requests.get(
                    node.url + path,
                    params=dict(parameters),
                    headers=headers,
                    stream=True,
                    timeout=self._timeout,
                )
            except requests.ConnectionError:
                if is_last:
                    raise
                continue
            if answer.status_code < 500 or is_last:
                return answer
            answer.close()
        raise UsageError("no node of the search server is configured")

    def _refusal(self, answer: requests.Response, what: str) -> AggregatorError:
        sentence = f"{what}: {_message(answer)}"
        if answer.status_code in (401, 403):
            return ServiceRefused(f"{self._name()} refuses the API key ({sentence})")
        if answer.status_code == 404:
            return NotFound(sentence)
        if answer.status_code >= 500:
            return ServiceUnreachable(self._name(), sentence)
        return ServiceRefused(f"{self._name()}: {sentence}")

    def _node_problem(self, node: Node) -> str:
        """Say why a node cannot be worked with; empty for one that can."""
        try:
            health = requests.get(node.url + "/health", timeout=CHECK_TIMEOUT)
        except requests.RequestException as error:
            return _short(error)
        return "it is not ready yet" if health.status_code >= 500 else ""

    def _connect(self, timeout: float) -> typesense.Client:
        try:
            return typesense.Client(
                {
                    "nodes": [node.url for node in self.nodes],
                    "api_key": self.key,
                    "connection_timeout_seconds": timeout,
                    "num_retries": max(1, len(self.nodes)),
                    "retry_interval_seconds": 0.1,
                }
            )
        except ts.ConfigError as error:
            raise UsageError(f"the search server's settings cannot be used: {error}") from None

    def _name(self) -> str:
        return f"the search server at {', '.join(node.url for node in self.nodes)}"


def _is_transport_error(error: Exception) -> bool:
    """The client lets the exceptions of the HTTP library below it through, whichever it is."""
    return any(
        kind.__name__ in ("TransportError", "RequestException", "StreamError")
        for kind in type(error).__mro__
    )


def _message(answer: requests.Response) -> str:
    try:
        return str(answer.json().get("message"))
    except (ValueError, AttributeError):
        return f"HTTP status {answer.status_code}"


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split())
    if "refused" in text.lower():
        return "connection refused"
    return text[:200] or type(error).__name__
