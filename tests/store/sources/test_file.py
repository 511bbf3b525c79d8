"""Source ``file``: shapes, formats, files that are cut off or of another kind."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyf.aggregator.names import normalize_name
from pyf.aggregator.store.sources import InvalidFile, NoData, table_files
from pyf.aggregator.store.sources.base import MIRRORS, SYSTEMS
from pyf.aggregator.store.sources.file import FileSource

DAY = dt.date(2026, 7, 1)
MOMENT = dt.datetime(2026, 7, 1, 23, 59, 59, tzinfo=dt.UTC)
Hit = tuple[str, str | None, str | None, str | None, str | None, str | None]
hits = st.tuples(
    st.sampled_from(["Foo.Bar", "foo-bar", "x", "Y_1"]),
    st.sampled_from([None, "pip", "uv", *MIRRORS]),
    st.sampled_from([None, "3.12.1", "3.9", "2.7.18", "weird", "3"]),
    st.sampled_from([None, "FreeBSD", *SYSTEMS]),
    st.sampled_from([None, "DE", "US"]),
    st.sampled_from([None, "1.0", "2.0"]),
)


def record(hit: Hit) -> dict[str, Any]:
    """A download as BigQuery exports it."""
    name, installer, python, system, country, version = hit
    return {
        "timestamp": MOMENT,
        "country_code": country,
        "project": name,
        "file": {"version": version},
        "details": {
            "installer": {"name": installer},
            "python": python,
            "system": {"name": system},
        },
    }


def counted(all_hits: list[Hit]) -> Counter[tuple[str, str, str]]:
    """The same figures by plain Python, after pypistats.org's rules."""
    sums: Counter[tuple[str, str, str]] = Counter()
    for name, installer, python, system, country, version in all_hits:
        if python is not None and not (python[:1].isdigit() and python[1:3].startswith(".")):
            continue
        package = normalize_name(name)
        sums["overall", package, "with_mirrors"] += 1
        if installer is None or installer in MIRRORS:
            continue
        parts = python.split(".") if python else []
        known = "other" if system and system not in SYSTEMS else system
        for dimension, category in (
            ("overall", "without_mirrors"),
            ("python_major", parts[0] if parts else None),
            ("python_minor", ".".join(parts[:2]) if parts else None),
            ("system", known),
            ("installer", installer),
            ("country", country),
            ("version", version),
        ):
            sums[dimension, package, category or "null"] += 1
    return sums


def read(path: Path) -> Counter[tuple[str, str, str]]:
    sums: Counter[tuple[str, str, str]] = Counter()
    for table in FileSource(str(path)).read(DAY):
        for row in table.to_pylist():
            sums[row["dimension"], row["package"], row["category"]] += row["downloads"]
    return sums


def as_lines(all_hits: list[Hit]) -> str:
    moment = "2026-07-01 23:59:59 UTC"
    return "".join(json.dumps({**record(hit), "timestamp": moment}) + "\n" for hit in all_hits)


@given(all_hits=st.lists(hits, min_size=1, max_size=40))
def test_single_downloads_are_counted_by_the_rules(
    all_hits: list[Hit], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("hits")
    table = pa.Table.from_pylist([record(hit) for hit in all_hits], schema=_schema())
    pq.write_table(table, folder / "a.parquet")
    (folder / "a.jsonl").write_text(as_lines(all_hits))
    flat = table.flatten().flatten().flatten()
    named = flat.rename_columns([name.replace(".", "_") for name in flat.column_names])
    pa_csv.write_csv(named, folder / "a.csv")

    wanted = counted(all_hits)
    for name in ("a.parquet", "a.jsonl", "a.csv"):
        assert read(folder / name) == wanted, name


def _schema() -> pa.Schema:
    name = pa.struct([("name", pa.string())])
    details = pa.struct([("installer", name), ("python", pa.string()), ("system", name)])
    return pa.schema(
        [
            ("timestamp", pa.timestamp("us", tz="UTC")),
            ("country_code", pa.string()),
            ("project", pa.string()),
            ("file", pa.struct([("version", pa.string())])),
            ("details", details),
        ]
    )


def counts_csv(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(["day,dimension,package,category,downloads", *lines, ""]))
    return path


def test_counts_are_taken_as_they_are_and_other_days_passed_over(tmp_path: Path) -> None:
    path = counts_csv(
        tmp_path / "a.csv",
        "2026-07-01,overall,a,with_mirrors,5",
        "2026-07-02,overall,a,with_mirrors,7",
        "2026-07-01,system,a,,3",
    )

    rows = [row for table in FileSource(str(path)).read(DAY) for row in table.to_pylist()]

    assert [tuple(row.values()) for row in rows] == [
        ("overall", "a", "with_mirrors", 5),
        ("system", "a", None, 3),
    ]


def test_a_pattern_names_the_parts_of_a_day(tmp_path: Path) -> None:
    for number in (1, 2):
        counts_csv(
            tmp_path / f"2026-07-01-{number}.csv", f"2026-07-01,overall,a,with_mirrors,{number}"
        )
    counts_csv(tmp_path / "2026-07-02-1.csv", "2026-07-02,overall,a,with_mirrors,50")

    source = FileSource(str(tmp_path / "{day}-*.csv"))

    assert sum(table["downloads"][0].as_py() for table in source.read(DAY)) == 3
    assert not source.grouped


def test_packed_lines_and_records_that_are_null(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    lines = [
        {"timestamp": "2026-07-01T00:00:00Z", "project": "a", "details": None},
        {"timestamp": "2026-07-01T00:00:00Z", "project": "a",
         "details": {"installer": {"name": "pip"}}},
    ]  # fmt: skip
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, lines)).encode()))

    assert read(path) == {
        ("overall", "a", "with_mirrors"): 2,
        ("overall", "a", "without_mirrors"): 1,
        ("installer", "a", "pip"): 1,
    }


@pytest.mark.parametrize("name", ["a.parquet", "a.jsonl", "a.jsonl.gz"])
def test_a_file_that_is_cut_off_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    lines = as_lines([("x", "pip", "3.12", "Linux", "DE", "1.0")] * 50)
    if name.endswith("parquet"):
        pq.write_table(
            pa.Table.from_pylist([json.loads(line) for line in lines.splitlines()]), path
        )
    else:
        path.write_bytes(gzip.compress(lines.encode()) if name.endswith("gz") else lines.encode())
    path.write_bytes(path.read_bytes()[:-30])

    with pytest.raises(InvalidFile, match="may be cut off"):
        read(path)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", "x,y\n1,2\n", r"neither those of counts .* there are: x, y"),
        ("a.csv", "", "there are: none"),
        ("a.csv", "project,timestamp\na,b\n", r"no details\.installer\.name"),
        ("a.txt", "x", "ends with none of"),
        (
            "a.csv",
            "day,dimension,package,category,downloads\n2026-07-01,overall,a,x,many\n",
            "many",
        ),
        ("a.parquet", "PAR1", "cannot be read"),
        ("a.jsonl", "[1]\n", "line 1 is no JSON object"),
    ],
)
def test_other_files_are_refused_in_one_sentence(
    name: str, content: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_text(content)

    with pytest.raises(InvalidFile, match=words) as refused:
        read(tmp_path / name)

    assert "\n" not in str(refused.value)


def test_a_day_without_file_or_rows(tmp_path: Path) -> None:
    path = counts_csv(tmp_path / "a.csv", "2026-07-02,overall,a,with_mirrors,7")

    with pytest.raises(NoData, match="no row is of 2026-07-01"):
        read(path)
    with pytest.raises(NoData, match="no such file"):
        read(tmp_path / "b.csv")


def test_a_file_that_nobody_may_read_is_not_called_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    with (
        pytest.raises(InvalidFile, match="cannot be read: permission denied"),
        table_files.file_errors(path),
    ):
        raise PermissionError(13, "Failed to open local file")
