"""The parts of the one-machine stack, each an entry of ``SERVICE_DEFINITIONS``, in the order of
their start.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path

from ...errors import AggregatorError, UsageError
from ...index.nodes import ADMIN_KEY, CHOICES
from ...index.nodes import ENDPOINT as SEARCH_ENDPOINT
from ...running_stack import broker
from ...running_stack.secret_files import load_or_create_secret
from ...running_stack.stack_state import StackFolderUnusable
from ...settings import Settings, mask_credentials
from ...store.location import DATABASE
from ...store.location import ENDPOINT as STORE_ENDPOINT
from ..store.users import ADMIN, READER, load_users
from . import redis_server
from .logs import FOLDER as LOGS
from .ports import HOST, free_ports
from .stack_plan import (
    DEFAULT_STOP_SIGNALS,
    EndpointFile,
    ExternalService,
    StackPlan,
    StackService,
    StopSignals,
)

QUEUE = "pyf.aggregator.queue"
SEARCH = "pyf.aggregator.embedded.search"
WEB = "pyf.aggregator.web"
STORE = "pyf.aggregator.embedded.store"
WORKER_STOP: StopSignals = ((signal.SIGTERM, 20.0), (signal.SIGQUIT, 5.0))
"""First tasks may end; then they are given back to the broker, which another run takes up."""


class StoreNotInstalled(AggregatorError):
    """The engine of the statistics store is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "chdb is not installed, which the store needs: pip install 'pyf.aggregator[local]', "
            "set CLICKHOUSE_URL to a ClickHouse that runs, or leave it out with --only"
        )


class WebNotInstalled(AggregatorError):
    """What the web application is made of is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "fastapi is not installed, which the web application needs: "
            "pip install 'pyf.aggregator[local]', or leave it out with --only"
        )


@dataclass(frozen=True)
class StackOptions:
    """What the user wants: ports (0 for any free one) and parts (none named: all)."""

    ports: Mapping[str, int] = field(default_factory=dict)
    only: tuple[str, ...] = ()


@dataclass(frozen=True)
class BuildContext:
    """What the parts are built from."""

    settings: Settings
    data_dir: Path
    ports: Mapping[str, int]


@dataclass(frozen=True)
class ExternalOption:
    """A service of the user's own: the settings that name one, and its address."""

    settings: tuple[str, ...]
    address: Callable[[Settings], str]


@dataclass(frozen=True)
class ServiceDefinition:
    """How a service is built, its usual port, which others it needs, what may replace it.

    ``uses`` are those that it waits for and is told of where they run, and does without else.
    """

    name: str
    build: Callable[[BuildContext], StackService]
    port: int | None = None
    requires: tuple[str, ...] = ()
    external: ExternalOption | None = None
    uses: tuple[str, ...] = ()


def make_plan(settings: Settings, choice: StackOptions) -> StackPlan:
    """Decide what to start; makes folders, keys and configuration in the data folder.

    Raises :class:`UsageError` where the parts wanted cannot run, PortInUse, NoRedis.
    """
    data_dir = settings.pyf_data_dir.resolve()
    wanted = [part for part in SERVICE_DEFINITIONS if not choice.only or part.name in choice.only]
    external = tuple(filter(None, (_external(part, settings) for part in SERVICE_DEFINITIONS)))
    started = [part for part in wanted if part.name not in {item.name for item in external}]
    _check_dependencies(started, external)
    _make_folder(data_dir / LOGS)
    ports = {p.name: choice.ports.get(p.name, p.port) for p in started if p.port is not None}
    setup = BuildContext(settings, data_dir, free_ports(ports))
    services = tuple(_build_service(part, setup) for part in started)
    secrets = tuple(service.secret for service in services if service.secret)
    needed = {need for part in started for need in part.requires} | {part.name for part in wanted}
    shown = tuple(item for item in external if item.name in needed)
    return StackPlan(data_dir, services, shown, secrets)


def _build_service(part: ServiceDefinition, setup: BuildContext) -> StackService:
    return replace(part.build(setup), depends_on=part.requires + part.uses)


def _external(part: ServiceDefinition, settings: Settings) -> ExternalService | None:
    if part.external is None:
        return None
    named = next((name for name in part.external.settings if settings.is_set(name)), None)
    return ExternalService(part.name, part.external.address(settings), named) if named else None


def _check_dependencies(
    started: list[ServiceDefinition], external: tuple[ExternalService, ...]
) -> None:
    if not started:
        raise UsageError(f"nothing to start: {', '.join(e.setting for e in external)} is set")
    there = {part.name for part in started} | {item.name for item in external}
    for part in started:
        for need in part.requires:
            if need not in there:
                raise UsageError(f"{part.name} needs {need}: add it to --only")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StackFolderUnusable(folder.parent, error) from None


def _search(setup: BuildContext) -> StackService:
    port, key = setup.ports["search"], load_or_create_secret(setup.data_dir / ADMIN_KEY)
    url = f"http://{HOST}:{port}"
    # The key does not stand among the arguments: the server reads it from the data folder.
    options = ("--host", HOST, "--port", str(port), "--data-dir", str(setup.data_dir))
    return StackService(
        "search",
        _module(SEARCH, *options),
        address=url,
        check=f"{url}/health",
        secret=key,
        provides={
            "TYPESENSE_HOST": HOST,
            "TYPESENSE_PORT": str(port),
            "TYPESENSE_PROTOCOL": "http",
            "TYPESENSE_API_KEY": key,
        },
        endpoint=EndpointFile(SEARCH_ENDPOINT, {"url": url}),
    )


def _redis(setup: BuildContext) -> StackService:
    program = redis_server.find_redis_program()
    port, password = (
        setup.ports["redis"],
        load_or_create_secret(setup.data_dir / redis_server.PASSWORD),
    )
    url = redis_server.redis_url_for_port(port, password)
    return StackService(
        "redis",
        (program, str(redis_server.write_config(setup.data_dir, port, password))),
        address=f"redis://{HOST}:{port}",
        check=f"redis://{HOST}:{port}",
        secret=password,
        provides={"REDIS_HOST": url},
        endpoint=EndpointFile(broker.ENDPOINT, {"url": url}),
    )


def _store(setup: BuildContext) -> StackService:
    if find_spec("chdb") is None:
        raise StoreNotInstalled
    port, users = setup.ports["store"], load_users(setup.data_dir)
    url = f"http://{HOST}:{port}"
    options = ("--host", HOST, "--port", str(port), "--data-dir", str(setup.data_dir))
    admin, reader = (
        f"http://{name}:{password}@{HOST}:{port}/{DATABASE}"
        for name, password in ((ADMIN, users.admin), (READER, users.reader))
    )
    return StackService(
        "store",
        _module(STORE, *options),
        address=url,
        check=f"{url}/ping",
        secret=users.admin,
        provides={"CLICKHOUSE_URL": admin, "CLICKHOUSE_READONLY_URL": reader},
        endpoint=EndpointFile(STORE_ENDPOINT, {"url": admin, "readonly_url": reader}),
    )


def _worker(setup: BuildContext) -> StackService:
    settings = setup.settings
    pool = ("--pool", settings.celery_worker_pool)
    size = ("--concurrency", str(settings.celery_worker_concurrency))
    return _celery(setup, "worker", " ready.", *pool, *size, stop=WORKER_STOP)


def _beat(setup: BuildContext) -> StackService:
    schedule = ("-s", str(setup.data_dir / "celerybeat-schedule"))
    return _celery(setup, "beat", "beat: Starting", *schedule)


def _celery(
    setup: BuildContext,
    what: str,
    says: str,
    *options: str,
    stop: StopSignals = DEFAULT_STOP_SIGNALS,
) -> StackService:
    return StackService(
        what,
        _module("celery", "-A", QUEUE, what, "--loglevel", "INFO", *options),
        ready_text=says,
        environment={"PYF_DATA_DIR": str(setup.data_dir)},
        stop=stop,
    )


def _web(setup: BuildContext) -> StackService:
    if find_spec("fastapi") is None:
        raise WebNotInstalled
    port = setup.ports["web"]
    url = f"http://{HOST}:{port}"
    return StackService(
        "web",
        _module(WEB, "--host", HOST, "--port", str(port)),
        address=url,
        check=f"{url}/health",
        environment={"PYF_DATA_DIR": str(setup.data_dir)},
    )


def _store_address(settings: Settings) -> str:
    return mask_credentials(settings.clickhouse_url or "")


def _module(name: str, *arguments: str) -> tuple[str, ...]:
    # -P: what lies in the working directory is not taken for a module.
    return (sys.executable, "-P", "-m", name, *arguments)


SERVICE_DEFINITIONS = (
    ServiceDefinition(
        "search", _search, 8108, external=ExternalOption(CHOICES, lambda s: s.search_nodes[0].url)
    ),
    ServiceDefinition(
        "redis",
        _redis,
        6379,
        external=ExternalOption(("REDIS_HOST",), lambda s: mask_credentials(s.redis_url)),
    ),
    ServiceDefinition(
        "store", _store, 8123, external=ExternalOption(("CLICKHOUSE_URL",), _store_address)
    ),
    ServiceDefinition("worker", _worker, requires=("search", "redis"), uses=("store",)),
    ServiceDefinition("beat", _beat, requires=("redis",)),
    ServiceDefinition("web", _web, 8000, requires=("search",), uses=("redis", "store")),
)
SERVICE_NAMES = tuple(part.name for part in SERVICE_DEFINITIONS)
