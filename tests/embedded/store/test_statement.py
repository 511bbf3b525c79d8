"""What a statement is told to be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator.embedded.store.errors import EngineError, ServerError
from pyf.aggregator.embedded.store.lexer import tokenize
from pyf.aggregator.embedded.store.statement import SqlStatement, parse_insert, sql_literal

FUNCTIONS = frozenset({"file", "url", "s3", "numbers", "remote", "view", "values"})


@pytest.mark.parametrize(
    ("sql", "name"),
    [
        (b"SELECT 1", None),
        (b"SELECT 1 FORMAT JSON", b"JSON"),
        (b"SELECT 1\n format  Native ;", b"Native"),
        (b"SELECT 1 FORMAT TSV -- the end", b"TSV"),
        (b"SELECT 1 FORMAT CSV SETTINGS max_threads = 1", b"CSV"),
        (b"SELECT 'x FORMAT JSON'", None),
        (b"SELECT `FORMAT` FROM t", None),
        (b"SELECT format('{}', 1)", None),
        (b"SELECT 1 AS format FROM format WHERE 1", None),
        (b"SELECT /* FORMAT JSON */ 1", None),
    ],
)
def test_the_format_is_the_clause_at_the_end(sql, name):
    found = SqlStatement(sql).format

    assert (found.text if found else None) == name


@pytest.mark.parametrize(
    ("sql", "target", "data", "name"),
    [
        (b"INSERT INTO t FORMAT TSV\n1\t2\n", b"INSERT INTO t ", b"1\t2\n", "TSV"),
        (
            b"INSERT INTO t (a, b) FORMAT Native\n\x00\xff",
            b"INSERT INTO t (a, b) ",
            b"\x00\xff",
            "Native",
        ),
        (b'insert into t format JSONEachRow {"a":1}', b"insert into t ", b'{"a":1}', "JSONEachRow"),
        (b"INSERT INTO t FORMAT CSV \r\n\n1", b"INSERT INTO t ", b"\n1", "CSV"),
        (b"INSERT INTO t FORMAT Parquet", b"INSERT INTO t ", b"", "Parquet"),
        (b"INSERT INTO `a FORMAT b` FORMAT TSV\n", b"INSERT INTO `a FORMAT b` ", b"", "TSV"),
    ],
)
def test_the_data_of_an_insert_begin_behind_its_format(sql, target, data, name):
    head = parse_insert(sql)

    assert (head.target, sql[head.data_offset :], head.format) == (target, data, name)


@pytest.mark.parametrize(
    "sql",
    [
        b"INSERT INTO t VALUES (1)",
        b"INSERT INTO t SELECT 1",
        b"SELECT 1 FORMAT TSV\n",
        b"INSERT INTO t SELECT format('{}', 1)",
        b"",
        b"-- INSERT INTO t FORMAT TSV",
    ],
)
def test_other_statements_have_no_data(sql):
    assert parse_insert(sql) is None


def test_settings_and_input_keep_their_place():
    plain = parse_insert(b"INSERT INTO t SETTINGS a = 1 FORMAT CSV\n1")
    chosen = parse_insert(
        b"INSERT INTO t SELECT k, f(v) FROM input('k Int8, v String') WHERE k > 1 FORMAT CSV\n1"
    )

    assert plain.from_file("/x'y").split() == (
        b"INSERT INTO t FROM INFILE '/x\\'y' SETTINGS a = 1 FORMAT CSV".split()
    )
    assert (
        chosen.from_file("/x").split()
        == (
            b"INSERT INTO t SELECT k, f(v) FROM file('/x', 'CSV', 'k Int8, v String') WHERE k > 1"
        ).split()
    )


@pytest.mark.parametrize(
    "sql", [b"SELECT 1; SELECT 2", b"SELECT 1 INTO OUTFILE 'x'", b"INSERT INTO t FROM INFILE 'x'"]
)
def test_what_http_does_not_have_is_refused(sql):
    with pytest.raises(ServerError):
        SqlStatement(sql).check()


@pytest.mark.parametrize(
    "sql",
    [
        b"SELECT sum(downloads) FROM downloads WHERE package = {p:String}",
        b"WITH x AS (SELECT 1 AS file_name) SELECT file_name, t.file FROM x, numbers(3) AS t",
        b"SELECT 'file(''/etc/passwd'')', `url` FROM t -- s3()",
        b"SHOW TABLES",
        b"DESCRIBE TABLE t",
        b"EXPLAIN SELECT 1",
        b"EXISTS TABLE t",
        b"(SELECT 1)",
    ],
)
def test_a_reader_may_read(sql):
    if b"t.file" in sql:
        with pytest.raises(ServerError):
            SqlStatement(sql).check_reader(FUNCTIONS, {})
    else:
        SqlStatement(sql).check_reader(FUNCTIONS, {})


@pytest.mark.parametrize(
    "sql",
    [
        b"INSERT INTO t VALUES (1)",
        b"DROP TABLE t",
        b"KILL QUERY WHERE 1",
        b"SET max_threads = 1",
        b"SYSTEM SHUTDOWN",
        b"USE other",
        b"",
        b"SELECT * FROM file('/etc/passwd')",
        b"SELECT * FROM FILE ('/etc/passwd')",
        b"SELECT file/* */('/etc/passwd')",
        b"SELECT file /* /* */ */ ('/etc/passwd')",
        b"SELECT file --\n('/etc/passwd')",
        b"SELECT file //\n('/etc/passwd')",
        b"SELECT `file`('/etc/passwd')",
        b"SELECT \"f\\x69le\"('/etc/passwd')",
        b"SELECT * APPLY(file) FROM t",
        b"SELECT arrayMap(file, ['/etc/passwd'])",
        b"SELECT * FROM (SELECT * FROM url('http://x'))",
        b"DESCRIBE url('http://x', 'CSV')",
        b"EXPLAIN SELECT * FROM remote('x')",
        b"SELECT \xe2\x80\x98a\xe2\x80\x99, file('/etc/passwd')",
        b"SELECT $$'$$, file('/etc/passwd'), $$'$$",
        b"SELECT 'open",
        b"SELECT aiGenerate('x')",
    ],
)
def test_a_reader_can_do_nothing_else(sql):
    with pytest.raises(ServerError):
        SqlStatement(sql).check_reader(FUNCTIONS, {})


def test_a_parameter_smuggles_no_function_in():
    sql = SqlStatement(b"SELECT arrayMap({f:Identifier}, ['/etc/passwd'])")

    with pytest.raises(ServerError):
        sql.check_reader(FUNCTIONS, {"f": "`File`"})
    sql.check_reader(FUNCTIONS, {"f": "lower"})


@given(st.binary(max_size=200))
def test_tokens_stand_in_order_and_hold_what_is_there(sql):
    end = 0
    for token in tokenize(sql):
        assert token.start >= end
        assert sql[token.start : token.end] == token.text != b""
        end = token.end


@given(st.text(max_size=50))
def test_whatever_is_in_a_literal_stays_in_it(text):
    (token,) = tokenize(sql_literal(text).encode())

    assert token.kind == "string"


@given(st.binary(max_size=300))
def test_data_are_left_as_they_are(data):
    sql = b"INSERT INTO t (a) FORMAT Native\n" + data

    assert sql[parse_insert(sql).data_offset :] == data


def test_an_error_of_the_engine_keeps_number_and_words():
    error = EngineError(
        "Streaming query failed: Code: 164. DB::Exception: "
        "Code: 164. DB::Exception: no. (READONLY) (version 26.9.2.1). (READONLY)"
    )

    assert error.code == 164
    assert str(error).startswith("Code: 164. DB::Exception: no. (READONLY)")
    assert EngineError("something else").status == 500
