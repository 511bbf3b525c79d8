"""What is started, from settings and choices."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from pyf.aggregator.embedded.stack.ports import PortInUse, free_ports
from pyf.aggregator.embedded.stack.service_definitions import (
    SERVICE_DEFINITIONS,
    SERVICE_NAMES,
    StackOptions,
    make_plan,
)
from pyf.aggregator.embedded.stack.stack_plan import StackPlan
from pyf.aggregator.errors import UsageError
from pyf.aggregator.settings import load_settings

FREE = {"search": 0, "redis": 0, "store": 0}


def planned(
    folder: Path, *only: str, ports: dict[str, int] | None = None, **environ: str
) -> StackPlan:
    settings = load_settings({"PYF_DATA_DIR": str(folder), **environ}, dotenv=None)
    return make_plan(settings, StackOptions(ports or FREE, only))


def test_everything_is_started_in_the_order_of_its_needs(tmp_path):
    services = planned(tmp_path).services

    assert tuple(service.name for service in services) == SERVICE_NAMES
    for place, service in enumerate(services):
        assert set(service.depends_on) <= {other.name for other in services[:place]}
        assert bool(service.check) != bool(service.ready_text)


def test_worker_and_beat_follow_the_settings(tmp_path):
    given = {"CELERY_WORKER_POOL": "solo", "CELERY_WORKER_CONCURRENCY": "3"}
    *_, worker, beat, _ = planned(tmp_path, **given).services

    command = " ".join(worker.command)
    assert "-m celery -A pyf.aggregator.queue worker" in command
    assert "--pool solo --concurrency 3" in command
    assert f"-s {tmp_path}/celerybeat-schedule" in " ".join(beat.command)
    assert worker.environment == {"PYF_DATA_DIR": str(tmp_path)}


def test_a_configured_service_is_used_and_not_started(tmp_path):
    own = {
        "TYPESENSE_HOST": "search.example",
        "REDIS_HOST": "redis://u:hush@queue.example",
        "CLICKHOUSE_URL": "https://u:hush@store.example/stats",
    }
    found = planned(tmp_path, **own)

    assert [service.name for service in found.services] == ["worker", "beat", "web"]
    assert [(e.name, e.setting, e.address) for e in found.external] == [
        ("search", "TYPESENSE_HOST", "http://search.example:8108"),
        ("redis", "REDIS_HOST", "redis://***@queue.example:6379/0"),
        ("store", "CLICKHOUSE_URL", "https://***@store.example/stats"),
    ]


def test_a_configured_service_that_nobody_needs_is_not_mentioned(tmp_path):
    assert planned(tmp_path, "search", REDIS_HOST="queue.example").external == ()
    (external,) = planned(tmp_path, "beat", REDIS_HOST="queue.example").external
    assert external.name == "redis"


@pytest.mark.parametrize(
    ("only", "environ", "sentence"),
    [
        (("worker", "redis"), {}, "worker needs search: add it to --only"),
        (("beat",), {}, "beat needs redis: add it to --only"),
        (("redis",), {"REDIS_HOST": "h"}, "nothing to start: REDIS_HOST is set"),
    ],
)
def test_parts_that_cannot_run_are_wrong_use(tmp_path, only, environ, sentence):
    with pytest.raises(UsageError, match=sentence):
        planned(tmp_path, *only, **environ)


def test_a_port_in_use_is_said_with_the_option_for_another(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sentence = rf"redis cannot listen on 127.0.0.1:{port}: .*; --redis-port takes another"
        with pytest.raises(PortInUse, match=sentence):
            planned(tmp_path, "redis", ports={"redis": port})


def test_no_port_is_given_out_twice():
    ports = free_ports({str(number): 0 for number in range(50)})
    assert len(set(ports.values())) == 50

    (port,) = free_ports({"one": 0}).values()
    with pytest.raises(PortInUse, match=r"^two cannot listen"):
        free_ports({"one": port, "two": port})


def test_secrets_are_kept_for_their_owner_and_stay_the_same(tmp_path):
    first, second = planned(tmp_path), planned(tmp_path)
    files = [tmp_path / name for name in ("admin.key", "redis.key", "redis.conf", "store.key")]

    assert first.secrets == second.secrets
    assert [len(secret) >= 32 for secret in first.secrets] == [True, True, True]
    assert [path.stat().st_mode & 0o777 for path in files] == [0o600] * len(files)
    shown = repr(first) + " ".join(word for s in first.services for word in s.command)
    assert [secret for secret in first.secrets if secret in shown] == []


def test_every_part_has_a_name_of_its_own():
    assert len({part.name for part in SERVICE_DEFINITIONS}) == len(SERVICE_DEFINITIONS)


def test_a_worker_is_told_of_the_store_where_there_is_one(tmp_path):
    services = {service.name: service for service in planned(tmp_path).services}
    provided = services["store"].provides

    assert "store" in services["worker"].depends_on
    assert set(provided) == {"CLICKHOUSE_URL", "CLICKHOUSE_READONLY_URL"}
    assert len(set(provided.values())) == 2
    alone = planned(tmp_path, "search", "redis", "worker").services
    assert [service.name for service in alone] == ["search", "redis", "worker"]


def test_nobody_but_their_owner_can_read_where_the_store_is(tmp_path):
    store = next(s for s in planned(tmp_path).services if s.name == "store")
    told = dict(store.endpoint.content)
    password = (tmp_path / "store.key").read_text("ascii").strip()

    assert set(told) == {"url", "readonly_url"}
    assert password in told["url"]
    assert password not in told["readonly_url"]
    assert password not in " ".join(store.command)
    assert password not in repr(store)
