"""Where the store is found."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from pyf.aggregator.errors import ServiceUnreachable
from pyf.aggregator.settings import load_settings
from pyf.aggregator.store import Location, StoreNotSetUp, open_store
from pyf.aggregator.store.location import ENDPOINT, locate_store

from .serving import Served, url_of


def settings(folder: Path, **environ: str):
    return load_settings({"PYF_DATA_DIR": str(folder), **environ}, dotenv=None)


@pytest.mark.parametrize(
    ("url", "location"),
    [
        ("http://ch.example", Location("http", "ch.example", 8123, "default", "", "pyf")),
        (
            "https://u:p%40ss@ch.example:9440/a/stats",
            Location("https", "ch.example", 9440, "u", "p@ss", "stats", path="/a"),
        ),
        ("https://[::1]/x", Location("https", "::1", 8443, "default", "", "x")),
        ("chdb:///var/store", Location("chdb", folder=Path("/var/store"))),
    ],
)
def test_an_address_is_taken_apart(url, location):
    assert Location.parse(url) == location


def test_an_address_is_shown_without_its_password():
    shown = str(Location.parse("https://u:hush@[::1]:9/x"))

    assert shown == "https://[::1]:9/x"
    assert "hush" not in repr(Location.parse("https://u:hush@ch.example"))


def test_readers_take_the_address_of_their_own_user(tmp_path):
    both = {
        "CLICKHOUSE_URL": "http://a:x@ch.example/s",
        "CLICKHOUSE_READONLY_URL": "http://r:y@ch.example/s",
    }

    assert locate_store(settings(tmp_path, **both), readonly=True).user == "r"
    assert locate_store(settings(tmp_path, **both), readonly=False).user == "a"
    del both["CLICKHOUSE_READONLY_URL"]
    assert locate_store(settings(tmp_path, **both), readonly=True).user == "a"


def test_without_settings_the_running_stack_is_used(tmp_path):
    told = {"url": "http://a:x@127.0.0.1:1/pyf", "readonly_url": "http://r:y@127.0.0.1:1/pyf"}
    (tmp_path / ENDPOINT).write_bytes(orjson.dumps(told))

    assert locate_store(settings(tmp_path), readonly=True).user == "r"
    assert locate_store(settings(tmp_path), readonly=False).password == "x"


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"url": 1}'])
def test_where_there_is_none_it_is_said_how_to_start_one(tmp_path, content):
    if content is not None:
        (tmp_path / ENDPOINT).write_bytes(content)
    with pytest.raises(StoreNotSetUp, match="pyfa up") as raised:
        open_store(settings(tmp_path), readonly=False)

    assert raised.value.exit_status == 5


def test_a_stack_that_was_killed_is_away(tmp_path):
    told = {"url": "http://a:hush@127.0.0.1:9/pyf", "readonly_url": "http://r:hush@127.0.0.1:9/pyf"}
    (tmp_path / ENDPOINT).write_bytes(orjson.dumps(told))

    with pytest.raises(ServiceUnreachable) as raised:
        open_store(settings(tmp_path))
    assert "hush" not in str(raised.value)


def test_opening_makes_the_tables_and_binds_who_only_reads(
    tmp_path, store_server: Served, store_location
):
    given = {"CLICKHOUSE_URL": url_of(store_location)}
    with open_store(settings(tmp_path, **given), readonly=False) as store:
        assert "downloads" in store.tables()
    with (
        open_store(settings(tmp_path, **given)) as store,
        pytest.raises(Exception, match="readonly"),
    ):
        store.command("DROP TABLE downloads")
