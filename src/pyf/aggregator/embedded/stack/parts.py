"""The parts of the one-machine stack, each an entry of ``PARTS``, in the order of their start."""

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
from ...running_stack.secret_files import kept_secret
from ...running_stack.state import FolderUnusable
from ...settings import Settings, mask_credentials
from ...store.location import DATABASE
from ...store.location import ENDPOINT as STORE_ENDPOINT
from ..store.users import ADMIN, READER, users_of
from . import redis
from .logs import FOLDER as LOGS
from .ports import HOST, free_ports
from .service import POLITE, Endpoint, External, Plan, Service, Stop

QUEUE = "pyf.aggregator.queue"
SEARCH = "pyf.aggregator.embedded.search"
WEB = "pyf.aggregator.web"
STORE = "pyf.aggregator.embedded.store"
WORKER_STOP: Stop = ((signal.SIGTERM, 20.0), (signal.SIGQUIT, 5.0))
"""First tasks may end; then they are given back to the broker, which another run takes up."""


class NoStore(AggregatorError):
    """The engine of the statistics store is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "chdb is not installed, which the store needs: pip install 'pyf.aggregator[local]', "
            "set CLICKHOUSE_URL to a ClickHouse that runs, or leave it out with --only"
        )


class NoWeb(AggregatorError):
    """What the web application is made of is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "fastapi is not installed, which the web application needs: "
            "pip install 'pyf.aggregator[local]', or leave it out with --only"
        )


@dataclass(frozen=True)
class Choice:
    """What the user wants: ports (0 for any free one) and parts (none named: all)."""

    ports: Mapping[str, int] = field(default_factory=dict)
    only: tuple[str, ...] = ()


@dataclass(frozen=True)
class Setup:
    """What the parts are built from."""

    settings: Settings
    data_dir: Path
    ports: Mapping[str, int]


@dataclass(frozen=True)
class Own:
    """A service of the user's own: the settings that name one, and its address."""

    settings: tuple[str, ...]
    address: Callable[[Settings], str]


@dataclass(frozen=True)
class Part:
    """How a service is built, its usual port, which others it needs, what may replace it.

    ``uses`` are those that it waits for and is told of where they run, and does without else.
    """

    name: str
    build: Callable[[Setup], Service]
    port: int | None = None
    needs: tuple[str, ...] = ()
    own: Own | None = None
    uses: tuple[str, ...] = ()


def plan(settings: Settings, choice: Choice) -> Plan:
    """Decide what to start; makes folders, keys and configuration in the data folder.

    Raises :class:`UsageError` where the parts wanted cannot run, PortInUse, NoRedis.
    """
    data_dir = settings.pyf_data_dir.resolve()
    wanted = [part for part in PARTS if not choice.only or part.name in choice.only]
    external = tuple(filter(None, (_external(part, settings) for part in PARTS)))
    started = [part for part in wanted if part.name not in {item.name for item in external}]
    _check(started, external)
    _make(data_dir / LOGS)
    ports = {p.name: choice.ports.get(p.name, p.port) for p in started if p.port is not None}
    setup = Setup(settings, data_dir, free_ports(ports))
    services = tuple(_service(part, setup) for part in started)
    secrets = tuple(service.secret for service in services if service.secret)
    needed = {need for part in started for need in part.needs} | {part.name for part in wanted}
    shown = tuple(item for item in external if item.name in needed)
    return Plan(data_dir, services, shown, secrets)


def _service(part: Part, setup: Setup) -> Service:
    return replace(part.build(setup), depends_on=part.needs + part.uses)


def _external(part: Part, settings: Settings) -> External | None:
    if part.own is None:
        return None
    named = next((name for name in part.own.settings if settings.is_set(name)), None)
    return External(part.name, part.own.address(settings), named) if named else None


def _check(started: list[Part], external: tuple[External, ...]) -> None:
    if not started:
        raise UsageError(f"nothing to start: {', '.join(e.setting for e in external)} is set")
    there = {part.name for part in started} | {item.name for item in external}
    for part in started:
        for need in part.needs:
            if need not in there:
                raise UsageError(f"{part.name} needs {need}: add it to --only")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderUnusable(folder.parent, error) from None


def _search(setup: Setup) -> Service:
    port, key = setup.ports["search"], kept_secret(setup.data_dir / ADMIN_KEY)
    url = f"http://{HOST}:{port}"
    # The key does not stand among the arguments: the server reads it from the data folder.
    options = ("--host", HOST, "--port", str(port), "--data-dir", str(setup.data_dir))
    return Service(
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
        endpoint=Endpoint(SEARCH_ENDPOINT, {"url": url}),
    )


def _redis(setup: Setup) -> Service:
    program = redis.program()
    port, password = setup.ports["redis"], kept_secret(setup.data_dir / redis.PASSWORD)
    url = redis.url(port, password)
    return Service(
        "redis",
        (program, str(redis.write_config(setup.data_dir, port, password))),
        address=f"redis://{HOST}:{port}",
        check=f"redis://{HOST}:{port}",
        secret=password,
        provides={"REDIS_HOST": url},
        endpoint=Endpoint(broker.ENDPOINT, {"url": url}),
    )


def _store(setup: Setup) -> Service:
    if find_spec("chdb") is None:
        raise NoStore
    port, users = setup.ports["store"], users_of(setup.data_dir)
    url = f"http://{HOST}:{port}"
    options = ("--host", HOST, "--port", str(port), "--data-dir", str(setup.data_dir))
    admin, reader = (
        f"http://{name}:{password}@{HOST}:{port}/{DATABASE}"
        for name, password in ((ADMIN, users.admin), (READER, users.reader))
    )
    return Service(
        "store",
        _module(STORE, *options),
        address=url,
        check=f"{url}/ping",
        secret=users.admin,
        provides={"CLICKHOUSE_URL": admin, "CLICKHOUSE_READONLY_URL": reader},
        endpoint=Endpoint(STORE_ENDPOINT, {"url": admin, "readonly_url": reader}),
    )


def _worker(setup: Setup) -> Service:
    settings = setup.settings
    pool = ("--pool", settings.celery_worker_pool)
    size = ("--concurrency", str(settings.celery_worker_concurrency))
    return _celery(setup, "worker", " ready.", *pool, *size, stop=WORKER_STOP)


def _beat(setup: Setup) -> Service:
    schedule = ("-s", str(setup.data_dir / "celerybeat-schedule"))
    return _celery(setup, "beat", "beat: Starting", *schedule)


def _celery(setup: Setup, what: str, says: str, *options: str, stop: Stop = POLITE) -> Service:
    return Service(
        what,
        _module("celery", "-A", QUEUE, what, "--loglevel", "INFO", *options),
        says=says,
        environment={"PYF_DATA_DIR": str(setup.data_dir)},
        stop=stop,
    )


def _web(setup: Setup) -> Service:
    if find_spec("fastapi") is None:
        raise NoWeb
    port = setup.ports["web"]
    url = f"http://{HOST}:{port}"
    return Service(
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


PARTS = (
    Part("search", _search, 8108, own=Own(CHOICES, lambda s: s.search_nodes[0].url)),
    Part("redis", _redis, 6379, own=Own(("REDIS_HOST",), lambda s: mask_credentials(s.redis_url))),
    Part("store", _store, 8123, own=Own(("CLICKHOUSE_URL",), _store_address)),
    Part("worker", _worker, needs=("search", "redis"), uses=("store",)),
    Part("beat", _beat, needs=("redis",)),
    Part("web", _web, 8000, needs=("search",), uses=("redis", "store")),
)
NAMES = tuple(part.name for part in PARTS)
