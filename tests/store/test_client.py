"""The store as the rest of the program uses it, over HTTP and in this process."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests

from pyf.aggregator.errors import ServiceRefused, ServiceUnreachable, UsageError
from pyf.aggregator.store import Column, Location, QueryFailed, Store, Table

from .serving import served, url_of

NUMBERS = Table(
    "numbers",
    (Column("day", "Date"), Column("name", "String"), Column("count", "UInt64")),
    order_by=("name", "day"),
    partition_by="toYYYYMM(day)",
)
COLUMNS = ("day", "name", "count")
ROWS = [(date(2026, 1, 1), "it's \\ \n `odd`", 2**63), (date(2026, 2, 1), "plain", 0)]


@pytest.fixture
def numbers(store: Store) -> Store:
    store.create(NUMBERS)
    return store


def test_rows_come_back_as_they_were_given(numbers):
    numbers.insert("numbers", ROWS, COLUMNS)
    sql = "SELECT day, name, count FROM numbers ORDER BY day"

    assert numbers.query(sql) == ROWS
    assert list(numbers.stream(sql)) == ROWS
    assert numbers.columns(sql) == dict(
        zip(COLUMNS, map(list, zip(*ROWS, strict=True)), strict=True)
    )
    assert numbers.arrow(sql).column("name").to_pylist() == [row[1] for row in ROWS]


def test_nothing_is_nothing_in_every_form(numbers):
    sql = "SELECT day, name FROM numbers"
    numbers.insert("numbers", [], COLUMNS)

    assert numbers.query(sql) == list(numbers.stream(sql)) == []
    assert numbers.columns(sql) == {"day": [], "name": []}
    assert numbers.arrow(sql).num_rows == 0


def test_values_never_become_sql(numbers):
    numbers.insert("numbers", ROWS, COLUMNS)
    evil = "' OR 1 = 1 --"
    sql = "SELECT name FROM numbers WHERE name = {n:String} OR name IN {many:Array(String)}"

    assert numbers.query(sql, {"n": evil, "many": [evil]}) == []
    assert numbers.query(sql, {"n": ROWS[0][1], "many": []}) == [(ROWS[0][1],)]
    many = [f"package-{i}" for i in range(5000)]
    assert numbers.query(sql, {"n": "", "many": [*many, "plain"]}) == [("plain",)]


def test_arrow_and_files_go_in(numbers, tmp_path):
    table = pa.table({"count": pa.array([1, 2], pa.uint64()), "name": ["a", "b"]})
    path = tmp_path / "rows.parquet"
    pq.write_table(table, path)
    numbers.insert_arrow("numbers", table)
    numbers.insert_file("numbers", path, ("name", "count"))
    numbers.export("SELECT name FROM numbers ORDER BY name", tmp_path / "out.parquet")

    assert pq.read_table(tmp_path / "out.parquet").column("name").to_pylist() == [
        "a",
        "a",
        "b",
        "b",
    ]


def test_partitions_are_moved_and_dropped(numbers):
    numbers.create(replace(NUMBERS, name="staging_1"))
    numbers.insert("staging_1", ROWS, COLUMNS)
    numbers.alter("numbers", "ATTACH PARTITION ID '202601' FROM staging_1")

    assert numbers.query("SELECT count() FROM numbers") == [(1,)]
    numbers.alter("numbers", "DROP PARTITION ID {p:String}", {"p": "202601"})
    numbers.drop("staging_1")
    numbers.drop("staging_1")
    assert numbers.query("SELECT count() FROM numbers") == [(0,)]
    assert "staging_1" not in numbers.tables()


def test_refusals_have_a_number_and_no_secret(store):
    with pytest.raises(QueryFailed, match="nowhere") as raised:
        store.query("SELECT * FROM nowhere")

    assert raised.value.code == 60
    assert store.location.password not in str(raised.value) + repr(store.location)


def test_a_wrong_password_is_told(store_server):
    with pytest.raises(ServiceRefused, match="does not take this user or password") as raised:
        Store(replace(store_server.admin, password="wrong-one")).check()

    assert "wrong-one" not in str(raised.value)


def test_a_store_that_is_away_is_told_at_once():
    away = Location("http", "127.0.0.1", 9, "pyf", "hush")
    with pytest.raises(ServiceUnreachable, match="Connection refused") as raised:
        Store(away).query("SELECT 1")

    assert raised.value.exit_status == 5
    assert "hush" not in str(raised.value)


def test_reads_outlast_a_server_that_starts_anew(tmp_path):
    with served(tmp_path) as server:
        store = Store(server.admin)
        assert store.query("SELECT 1") == [(1,)]
        port = server.admin.port
    ready = threading.Event()
    command = [sys.executable, "-m", "pyf.aggregator.embedded.store", "--data-dir", str(tmp_path)]
    with subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.PIPE) as process:
        try:
            thread = threading.Thread(target=lambda: process.stdout.readline() and ready.set())
            thread.start()
            assert ready.wait(30)
            assert store.query("SELECT 2") == [(2,)]
        finally:
            process.terminate()
        thread.join()


def test_all_threads_can_ask_at_once(store):
    found = []

    def ask(number: int) -> None:
        for i in range(10):
            sql = "SELECT {a:UInt32} + {b:UInt32}"
            found.append(store.query(sql, {"a": number, "b": i}) == [(number + i,)])

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [True] * 80


def test_the_reader_and_a_bound_administrator_change_nothing(store_server, store_location, store):
    reader = replace(store_server.reader, database=store_location.database)
    bound = Store(store_location, readonly=True, enforce=True)
    for other in (Store(reader, readonly=True), bound):
        with other:
            other.check()
            assert other.query("SELECT count() FROM loads") == [(0,)]
            with pytest.raises(QueryFailed) as raised:
                other.command("DROP TABLE loads")
            assert raised.value.code == 164


def test_the_password_is_not_sent_in_the_address(store_server):
    answer = requests.get(f"{store_server.url}/?query=SELECT+1", timeout=10)

    assert answer.status_code == 403
    assert store_server.admin.password in url_of(store_server.admin)
    assert store_server.admin.password not in str(store_server.admin)


IN_PROCESS = """
import sys, threading
from pathlib import Path
from pyf.aggregator.errors import AggregatorError
from pyf.aggregator.settings import load_settings
from pyf.aggregator.store import open_store
settings = load_settings({"CLICKHOUSE_URL": "chdb://" + sys.argv[1]}, dotenv=None)
with open_store(settings, readonly=False) as store:
    store.insert("loads", [(1, "file")], ("id", "source"))
with open_store(settings) as store:
    found = []
    threads = [threading.Thread(target=lambda: found.append(store.query("SELECT id FROM loads")))
               for _ in range(3)]
    [t.start() for t in threads]; [t.join() for t in threads]
    print(found, [row for row in store.stream("SELECT source FROM loads")])
    try:
        store.command("TRUNCATE TABLE loads")
    except AggregatorError as error:
        print(type(error).__name__, error.code)
"""


def test_a_folder_is_a_store_for_one_process(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", IN_PROCESS, str(tmp_path / "store")],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    assert done.stdout.splitlines() == ["[[(1,)], [(1,)], [(1,)]] [('file',)]", "QueryFailed 164"]
    assert done.stderr == ""


def test_a_folder_that_cannot_be_one_is_wrong_use(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        Store(Location("chdb", folder=tmp_path / "file")) as store,
        pytest.raises(UsageError, match="of the store cannot be made: File exists"),
    ):
        store.tables()
