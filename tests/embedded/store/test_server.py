"""The protocol as a client sees it."""

from __future__ import annotations

import gzip
import io
import json
import threading
import time

import clickhouse_connect
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests

TABLE = "CREATE TABLE t (k UInt32, s String) ENGINE = MergeTree ORDER BY k"


@pytest.fixture
def table(admin) -> str:
    admin.text(TABLE)
    return "t"


def test_it_says_that_it_is_there(server):
    assert requests.get(f"{server.url}/ping", timeout=10).text == "Ok.\n"
    assert requests.get(f"{server.url}/nothing", timeout=10).status_code == 404


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_gets_in_without_a_password(server, method):
    url = f"{server.url}/?query=SELECT+1"
    ways = ({}, {"auth": ("pyf", "wrong")}, {"headers": {"X-ClickHouse-User": "pyf_reader"}})
    for way in ways:
        answer = requests.request(method, url, timeout=10, **way)
        assert (answer.status_code, answer.headers["X-ClickHouse-Exception-Code"]) == (403, "516")
        assert "Authentication failed" in answer.text


def test_there_are_three_ways_to_give_it(server):
    user, key = server.reader.user, server.reader.password
    url, query = server.url, {"query": "SELECT 1"}
    headers = {"X-ClickHouse-User": user, "X-ClickHouse-Key": key}

    assert requests.get(url, params=query, auth=(user, key), timeout=10).text == "1\n"
    assert requests.get(url, params=query, headers=headers, timeout=10).text == "1\n"
    given = {**query, "user": user, "password": key}
    assert requests.get(url, params=given, timeout=10).text == "1\n"


def test_an_answer_says_what_it_is(admin):
    answer = admin.ask("SELECT 1 AS x FORMAT JSONEachRow", query_id="mine")

    assert answer.json() == {"x": 1}
    assert answer.headers["X-ClickHouse-Format"] == "JSONEachRow"
    assert answer.headers["X-ClickHouse-Query-Id"] == "mine"
    assert answer.headers["X-ClickHouse-Timezone"] == "UTC"
    assert answer.headers["X-ClickHouse-Server-Display-Name"]
    assert admin.text("SELECT 1 AS x", default_format="CSVWithNames") == '"x"\n1'
    assert "X-ClickHouse-Format" not in admin.ask(TABLE).headers


@pytest.mark.parametrize(
    ("sql", "status", "code"),
    [
        ("SELEC 1", 400, 62),
        ("SELECT nothing", 404, 47),
        ("SELECT * FROM nowhere", 404, 60),
        ("SELECT 1; SELECT 2", 400, 62),
        ("SELECT 1 INTO OUTFILE '/tmp/out'", 501, 48),
        ("SELECT throwIf(1)", 500, 395),
        ("", 400, 62),
        ("SELECT {p:UInt8}", 400, 456),
    ],
)
def test_errors_are_said_in_the_words_of_clickhouse(admin, sql, status, code):
    answer = admin.ask(sql)

    assert (answer.headers["X-ClickHouse-Exception-Code"], answer.status_code) == (
        str(code),
        status,
    )
    assert answer.text.startswith(f"Code: {code}. DB::Exception: ")
    assert "(version " in answer.text


def test_values_are_given_beside_the_statement(admin):
    sql = "SELECT {s:String}, {n:UInt64} + 1, {a:Array(String)}"

    assert admin.text(sql, param_s="a\\'b\\n", param_n="4", param_a="['x']") == "a\\'b\\n\t5\t['x']"


def test_long_values_come_in_a_form(admin):
    names = json.dumps(["n" * 40 + str(i) for i in range(5000)]).replace('"', "'")
    parts = {"query": (None, "SELECT length({a:Array(String)})"), "param_a": (None, names)}
    answer = admin.session.post(admin.url, files=parts, timeout=30)

    assert answer.text == "5000\n"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("TSV", b"1\ta\n2\tb\n"),
        ("CSV", b'1,"a"\n2,"b"\n'),
        ("JSONEachRow", b'{"k":1,"s":"a"}\n{"k":2,"s":"b"}'),
        ("Values", b"(1,'a'),(2,'b')"),
    ],
)
def test_rows_come_in_many_forms(admin, table, name, data):
    in_address = admin.ask(f"INSERT INTO {table} FORMAT {name}", data=data)
    in_body = admin.ask(f"INSERT INTO {table} (k, s) FORMAT {name}\n".encode() + data)

    assert in_address.status_code == in_body.status_code == 200, in_address.text + in_body.text
    assert json.loads(in_address.headers["X-ClickHouse-Summary"])["written_rows"] == "2"
    assert admin.text("SELECT s, count() FROM t GROUP BY s ORDER BY s") == "a\t2\nb\t2"


def test_rows_behind_values_are_part_of_their_statement(admin, table):
    admin.text("INSERT INTO t VALUES (1, 'FORMAT TSV'), (1 + 1, lower('B'))")

    assert admin.text("SELECT * FROM t ORDER BY k") == "1\tFORMAT TSV\n2\tb"


def test_rows_can_be_changed_on_their_way(admin, table):
    sql = "INSERT INTO t SELECT k + 10, upper(s) FROM input('k UInt32, s String') FORMAT CSV"

    assert admin.ask(sql, data=b"1,a\n").status_code == 200
    assert admin.text("SELECT * FROM t") == "11\tA"


def parquet(rows: int) -> bytes:
    out = io.BytesIO()
    numbers = pa.array(range(rows), pa.uint32())
    pq.write_table(pa.table({"k": numbers, "s": pa.array(["name"] * rows)}), out)
    return out.getvalue()


def test_a_file_that_is_cut_off_puts_nothing_in(admin, table):
    whole = parquet(200_000)
    sql = f"INSERT INTO {table} FORMAT Parquet"

    assert admin.ask(sql, data=whole[:-1000]).status_code >= 400
    packed = gzip.compress(whole)
    headers = {"Content-Encoding": "gzip"}
    query = {"database": admin.database, "query": sql}
    cut = admin.session.post(admin.url, params=query, data=packed[:-9], headers=headers, timeout=30)
    assert (cut.status_code, admin.text("SELECT count() FROM t")) == (500, "0")
    kept = admin.session.post(admin.url, params=query, data=packed, headers=headers, timeout=30)
    assert (kept.status_code, admin.text("SELECT count() FROM t")) == (200, "200000")


def test_data_on_their_way_leave_nothing_behind(server, admin, table):
    admin.ask("INSERT INTO t FORMAT Parquet", data=parquet(100))
    admin.ask("INSERT INTO t FORMAT Parquet", data=b"no such file")
    admin.text("SELECT * FROM t FORMAT Parquet")

    assert list((server.folder / "store.spool").iterdir()) == []


@pytest.mark.parametrize("name", ["Parquet", "Arrow", "JSON", "JSONCompact", "CSVWithNames"])
def test_formats_with_a_head_and_a_foot_are_whole(admin, name):
    answer = admin.ask(f"SELECT number FROM numbers(300000) FORMAT {name}").content

    if name == "Parquet":
        assert pq.read_table(io.BytesIO(answer)).num_rows == 300_000
    elif name == "Arrow":
        assert pa.ipc.open_file(io.BytesIO(answer)).read_all().num_rows == 300_000
    elif name == "CSVWithNames":
        assert answer.count(b"number") == 1
    else:
        assert json.loads(answer)["rows"] == 300_000


def test_a_large_answer_is_packed_as_it_is_asked_for(admin):
    query = {"query": "SELECT number FROM numbers(500000)"}
    plain = admin.session.get(admin.url, params=query, headers={"Accept-Encoding": "identity"})
    packed = admin.session.get(admin.url, params=query, headers={"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.text == plain.text


def test_an_error_in_the_middle_cuts_the_answer_off(admin):
    sql = "SELECT number, throwIf(number = 4000000) FROM numbers(5000000)"

    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        admin.ask(sql)


def test_get_changes_nothing(admin):
    query = {"query": "CREATE DATABASE never"}

    assert admin.session.get(admin.url, params=query, timeout=10).status_code >= 400


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t VALUES (1, 'a')",
        "INSERT INTO t FORMAT TSV\n1\ta\n",
        "CREATE TABLE u (a Int8) ENGINE = Memory",
        "DROP TABLE t",
        "ALTER TABLE t DELETE WHERE 1",
        "OPTIMIZE TABLE t",
        "SELECT * FROM file('/etc/hostname', 'LineAsString')",
        "SELECT file('/etc/hostname')",
        "SELECT * FROM url('http://127.0.0.1:1', 'LineAsString')",
        "DESCRIBE s3('http://127.0.0.1:1/a/b', 'CSV')",
        "SELECT 1 SETTINGS readonly = 0",
        "SELECT 1 INTO OUTFILE '/tmp/never'",
    ],
)
def test_the_reader_changes_and_reaches_nothing(admin, reader, table, sql):
    admin.text("INSERT INTO t VALUES (7, 'x')")

    assert reader.ask(sql).status_code >= 400
    assert reader.text("SELECT * FROM t") == "7\tx"


def test_the_reader_cannot_loosen_what_binds_it(reader):
    assert reader.ask("SELECT 1", readonly="0").status_code >= 400
    assert reader.ask("SELECT 1", max_threads="1").status_code >= 400


def test_the_session_of_one_request_is_not_that_of_the_next(admin):
    admin.text("SET max_threads = 1")
    admin.text("SELECT 1", max_block_size="7")

    assert admin.text("SELECT getSetting('max_block_size')") != "7"
    assert admin.text("SELECT getSetting('max_block_size')", max_block_size="7") == "7"


def running(admin) -> str:
    return admin.text(
        "SELECT query FROM system.processes WHERE query LIKE '%sipHash64%' "
        "AND query NOT LIKE '%processes%'"
    )


def until(condition) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_query_ends_when_nobody_waits_for_it_any_more(admin):
    sql = "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)"
    gone = threading.Event()

    def ask() -> None:
        with pytest.raises(requests.exceptions.ReadTimeout):
            admin.session.post(admin.url, data=sql, timeout=1.5)
        gone.set()

    thread = threading.Thread(target=ask)
    other = requests.Session()
    other.auth = admin.session.auth
    thread.start()
    watcher = type(admin).__new__(type(admin))
    watcher.__dict__.update(admin.__dict__, session=other)
    until(lambda: running(watcher))
    assert gone.wait(20)
    until(lambda: not running(watcher))
    thread.join()


def test_the_official_client_finds_all_that_it_needs(server, admin, table):
    where = server.admin
    client = clickhouse_connect.get_client(
        host=where.host,
        port=where.port,
        username=where.user,
        password=where.password,
        database=admin.database,
    )
    client.insert(table, [(i, f"name {i}") for i in range(50_000)], column_names=("k", "s"))
    client.insert_arrow(table, pa.table({"k": pa.array([99], pa.uint32()), "s": ["arrow"]}))

    assert client.ping()
    assert client.query("SELECT count() FROM t WHERE s != {s:String}", {"s": "x"}).first_item
    assert client.query_arrow("SELECT * FROM t").num_rows == 50_001
    assert len(client.query_df("SELECT * FROM t")) == 50_001
    assert client.command("EXISTS TABLE t") == 1
    assert client.command("SELECT count() FROM t WHERE 0") == 0
    assert client.query("SELECT * FROM t LIMIT 0").column_names == ("k", "s")
    with client.query_rows_stream("SELECT k FROM t") as rows:
        assert sum(1 for _ in rows) == 50_001
    client.close()
