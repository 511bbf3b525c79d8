"""The sample index as a whole: state, faults, counts, and the actions that control it."""

from __future__ import annotations

import inspect
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any

import orjson

from ...errors import NotFound, UsageError
from . import endpoints, osv, xmlrpc_endpoint
from . import xmlrpc_codec as wire
from .changes import IndexChanges
from .faults import CallQuota, Fault, FaultInjector
from .generated_source import GeneratedSource
from .http_messages import SampleRequest, SampleResponse
from .options import Faults, SampleOptions
from .recorded_source import RecordedSource
from .sample_index import SampleIndex
from .source import CatalogueSource
from .stale_states import StaleStates
from .stats import RequestStats

CONTROL = "/-/control/"
_JSON = (("Content-Type", "application/json"),)
_CHANGES = (
    "publish", "add_file", "yank", "unyank", "quarantine", "clear_quarantine", "archive",
    "unarchive", "delete_release", "delete_project",
)  # fmt: skip
_NOT_ALLOWED = SampleResponse(405, b"405 Method Not Allowed", (("Allow", "GET, HEAD"),))
_NO_ROUTE = SampleResponse(404, b"404 Not Found", (("Content-Type", "text/plain; charset=UTF-8"),))


class SampleService:
    """Everything behind the socket. Not thread-safe: used in the thread of its event loop."""

    def __init__(self, options: SampleOptions) -> None:
        self.index = SampleIndex(_source(options))
        self.stats = RequestStats()
        self.fates = FaultInjector(options.faults)
        self.gzip_from = options.gzip_from
        self._initial = options.faults
        self._stale = StaleStates(self._used_stale)
        self._site = endpoints.IndexEndpoints(self.index, self._stale, options.base_url)
        self._rpc = xmlrpc_endpoint.XmlRpcEndpoint(self.index, _quota(options.faults))
        self._osv = osv.OsvExport(self.index.source, options.framework)
        self._changes = IndexChanges(self.index, self._keep_stale)

    @property
    def faults(self) -> Faults:
        """The faults in force."""
        return self.fates.faults

    def answer(self, request: SampleRequest) -> SampleResponse | Awaitable[SampleResponse]:
        """Return the answer to a request, or what to wait for where it takes long."""
        if xmlrpc_endpoint.is_xmlrpc_call(request):
            return self._rpc.answer(request)
        if request.method not in ("GET", "HEAD"):
            return _NO_ROUTE if request.path in xmlrpc_endpoint.PATHS else _NOT_ALLOWED
        if osv.is_osv_request(request):
            return self._osv.answer(request)
        return self._site.answer(request, outdated=self.fates.applies_to(request.path))

    def refusal(self, request: SampleRequest, fault: Fault) -> SampleResponse:
        """Return the answer to a request that is met with a 429 or 503."""
        if fault is not Fault.OUTAGE and xmlrpc_endpoint.is_xmlrpc_call(request):
            return xmlrpc_endpoint.refusal(fault, self.faults.retry_after)
        return self.fates.refusal(fault, time.time())

    @staticmethod
    def kind_of(request: SampleRequest) -> str:
        """Return the kind of endpoint that a request asks, for the counts."""
        if xmlrpc_endpoint.is_xmlrpc_call(request):
            return f"xmlrpc.{wire.method_of(request.body)}"
        if osv.is_osv_request(request):
            return "osv"
        return endpoints.endpoint_kind(request)

    def control(self, request: SampleRequest) -> SampleResponse:
        """Return the answer to a control request: a JSON object, ``error`` in it if refused."""
        action = request.path.removeprefix(CONTROL)
        if request.method != "POST" and (request.method, action) != ("GET", "stats"):
            return SampleResponse(
                405, orjson.dumps({"error": "send control actions with POST"}), _JSON
            )
        try:
            values = orjson.loads(request.body or b"{}")
            if not isinstance(values, dict):
                raise UsageError("the body of a control action is a JSON object")
            return SampleResponse(200, orjson.dumps(self.perform(action, values)), _JSON)
        except NotFound as error:
            return SampleResponse(404, orjson.dumps({"error": str(error)}), _JSON)
        except (UsageError, orjson.JSONDecodeError) as error:
            return SampleResponse(400, orjson.dumps({"error": str(error)}), _JSON)

    def perform(self, action: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out a control action and return what it says.

        Raises:
            NotFound: there is no such action, project or release.
            UsageError: the values do not fit the action.
        """
        if action in _CHANGES:
            return {"serial": _call_action(getattr(self._changes, action), values)}
        actions: dict[str, Callable[..., dict[str, Any]]] = {
            "set_faults": self._set_faults,
            "reset_faults": self._reset_faults,
            "stats": self.current_stats,
            "reset_stats": self._reset_stats,
        }
        if action not in actions:
            raise NotFound(f"there is no control action {action}")
        result: dict[str, Any] = _call_action(actions[action], values)
        return result

    def current_stats(self) -> dict[str, Any]:
        """Return the counts and the last serial."""
        return {**self.stats.as_dict(), "last_serial": self.index.last_serial}

    def _set_faults(self, **values: Any) -> dict[str, Any]:
        return self._use(self.faults.with_changes(values))

    def _reset_faults(self) -> dict[str, Any]:
        self._stale.clear()
        return self._use(self._initial)

    def _use(self, faults: Faults) -> dict[str, Any]:
        self.fates = FaultInjector(faults)
        self._rpc.quota = _quota(faults)
        return asdict(faults)

    def _reset_stats(self) -> dict[str, Any]:
        self.stats.reset()
        return self.current_stats()

    def _used_stale(self) -> None:
        self.stats.faults["stale"] += 1

    def _keep_stale(self, name: str) -> None:
        self._stale.keep(self.index, name, self.faults.stale)


def _source(options: SampleOptions) -> CatalogueSource:
    if options.recorded is not None:
        return RecordedSource(options.recorded)
    return GeneratedSource(
        options.projects,
        options.seed,
        options.framework,
        options.share,
        options.end,
        releases=options.releases,
    )


def _quota(faults: Faults) -> CallQuota:
    return CallQuota(faults.xmlrpc_limit, faults.xmlrpc_window)


def _call_action(function: Callable[..., Any], values: Mapping[str, Any]) -> Any:
    try:
        inspect.signature(function).bind(**values)
    except TypeError as error:
        raise UsageError(str(error)) from error
    texts = (each for each in ("name", "version", "reason", "filename") if each in values)
    if wrong := [each for each in texts if not isinstance(values[each], str | None)]:
        raise UsageError(f"not a string: {', '.join(wrong)}")
    return function(**values)
