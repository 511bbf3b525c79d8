"""Advisories against an oracle over all recorded ones, and each rule of OSV's schema by itself."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.version import InvalidVersion, Version
from tests.shared import SHARED, needs_shared

from pyf.aggregator.documents.advisories import (
    InvalidRecord,
    by_package,
    parse_osv_record,
    parse_release,
)
from pyf.aggregator.documents.vulnerabilities import (
    find_vulnerabilities,
    malware_advisories,
    matching_advisories,
)
from pyf.aggregator.names import normalize_name

CORPUS = SHARED / "corpus"
Record = Mapping[str, Any]


def record(*events: Mapping[str, str], **more: Any) -> dict[str, Any]:
    """A record for ``demo`` with one range of these events."""
    spans = [{"type": more.pop("type", "ECOSYSTEM"), "events": list(events)}] if events else []
    entry = {
        "package": {"ecosystem": more.pop("ecosystem", "PyPI"), "name": more.pop("name", "demo")},
        "ranges": spans,
        "versions": more.pop("versions", []),
    }
    return {"id": "PYSEC-2020-1", "affected": [entry], **more}


def hits(given_record: Record, *versions: str, name: str = "demo") -> list[str]:
    advisory = parse_osv_record(given_record)
    return [version for version in versions if advisory.affects(name, parse_release(version))]


def found(records: Iterable[Record], version: str) -> list[dict[str, Any]]:
    return [
        entry.as_dict()
        for entry in find_vulnerabilities(map(parse_osv_record, records), "demo", version)
    ]


# --- the oracle: events and releases on one line, walked once -------------------------------------


def number(version: str) -> Version | None:
    try:
        return Version(version)
    except InvalidVersion:
        return None


def walk(events: Iterable[Mapping[str, str]], probes: Iterable[str]) -> Iterator[str]:
    """Which of the probes a range covers."""
    line: list[tuple[Version, int, str]] = []
    switched_on = False
    for event in events:
        for kind, at in event.items():
            if (kind, at) == ("introduced", "0"):
                switched_on = True
            else:
                rank = {"introduced": 0, "fixed": 1, "last_affected": 3}[kind]
                line.append((Version(at), rank, ""))
    line += [(Version(probe), 2, probe) for probe in probes if number(probe)]
    for _, rank, probe in sorted(line):
        if rank == 2 and switched_on:
            yield probe
        elif rank != 2:
            switched_on = rank == 0


def oracle(given_record: Record, name: str, releases: Iterable[str]) -> set[str]:
    """The releases of a package that a record affects."""
    if given_record.get("withdrawn"):
        return set()
    affected: set[str] = set()
    for entry in given_record["affected"]:
        if normalize_name(entry["package"]["name"]) != name:
            continue
        listed = {number(version) or version for version in entry.get("versions", ())}
        affected |= {version for version in releases if (number(version) or version) in listed}
        for span in entry.get("ranges", ()):
            if span["type"] == "ECOSYSTEM":
                affected |= set(walk(span["events"], releases))
    return affected


@cache
def recorded(folder: str) -> tuple[Record, ...]:
    paths = sorted((CORPUS / "osv" / folder).rglob("*.json"))
    return tuple(json.loads(path.read_bytes()) for path in paths)


@cache
def known_releases() -> dict[str, set[str]]:
    """Every release that the recorded data knows of, by PEP 503 name."""
    known: dict[str, set[str]] = {}
    for each in (*recorded("advisories"), *recorded("malicious")):
        for entry in each["affected"]:
            here = known.setdefault(normalize_name(entry["package"]["name"]), set())
            here.update(entry.get("versions", ()))
            for span in entry.get("ranges", ()):
                if span["type"] == "ECOSYSTEM":
                    here.update(at for event in span["events"] for at in event.values())
    for name, here in known.items():
        for path in (CORPUS / "pypi").glob(f"json*/{name}*.json"):
            answer = json.loads(path.read_bytes())
            if normalize_name(answer.get("info", {}).get("name") or "") == name:
                here.update(answer.get("releases") or ())
    return known


@needs_shared
def test_matching_equals_the_oracle_for_every_known_release() -> None:
    checked = affected = 0
    releases = known_releases()
    records = [*recorded("advisories"), *recorded("malicious")]
    for each in records:
        advisory = parse_osv_record(each)
        for name in advisory.packages:
            expected = oracle(each, name, releases[name])
            actual = {
                version
                for version in releases[name]
                if advisory.affects(name, parse_release(version))
            }
            everything = any(e.is_everything for a in advisory.entries_for(name) for e in a.ranges)
            if everything and not advisory.withdrawn:  # then also what has no place on the line
                expected |= {version for version in releases[name] if not number(version)}
            assert actual == expected, advisory.id
            checked += len(releases[name])
            affected += len(expected)
    assert len(recorded("advisories")) > 400
    assert checked > 20_000
    assert 1_000 < affected < checked


@needs_shared
def test_withdrawn_records_never_match() -> None:
    releases = known_releases()
    withdrawn = [
        advisory
        for advisory in map(parse_osv_record, (*recorded("advisories"), *recorded("malicious")))
        if advisory.withdrawn
    ]
    assert len(withdrawn) > 8
    for advisory in withdrawn:
        for name in advisory.packages:
            assert releases[name]
            assert not any(advisory.affects(name, parse_release(v)) for v in releases[name])


@needs_shared
def test_every_recorded_entry_names_a_fix_that_is_one() -> None:
    packages = by_package(map(parse_osv_record, recorded("advisories")))
    fixes = 0
    for name, versions in known_releases().items():
        for version in sorted(versions)[::5]:
            for entry in find_vulnerabilities(packages.get(name, ()), name, version):
                if not entry.fixed_in:
                    continue
                ids = {entry.id, *entry.aliases}
                again = matching_advisories(packages[name], name, entry.fixed_in)
                assert not ids & {each.id for each in again}
                assert not number(version) or Version(entry.fixed_in) > Version(version)
                fixes += 1
    assert fixes > 1_000


# --- each rule by itself --------------------------------------------------------------------------


def test_fixed_is_outside_and_last_affected_inside() -> None:
    fixed = record({"introduced": "1.0"}, {"fixed": "2.0"})
    last = record({"introduced": "1.0"}, {"last_affected": "2.0"})

    assert hits(fixed, "0.9", "1.0", "1.9", "2.0rc1", "2.0", "2.1") == ["1.0", "1.9", "2.0rc1"]
    assert hits(last, "0.9", "1.0", "2.0", "2.0.post1", "2.1") == ["1.0", "2.0"]


def test_zero_comes_before_every_version() -> None:
    assert hits(record({"introduced": "0"}), "0", "0.dev1", "0a1", "1!2", "any thing") == [
        *("0", "0.dev1", "0a1", "1!2", "any thing"),
    ]


def test_events_may_stand_in_any_order_and_repeat() -> None:
    events = [{"fixed": "4"}, {"introduced": "3"}, {"fixed": "2"}, {"introduced": "0"}]
    assert hits(record(*events), "1", "2", "3", "3.9", "4") == ["1", "3", "3.9"]
    touching = record({"last_affected": "1.0"}, {"introduced": "1.0"})
    assert hits(touching, "0.9", "1.0", "1.1") == ["1.0"]


def test_a_limit_ends_a_range() -> None:
    limited = record({"introduced": "0"}, {"limit": "2.0"})
    unlimited = record({"introduced": "0"}, {"limit": "*"})
    assert hits(limited, "1.0", "2.0", "3.0") == ["1.0"]
    assert hits(unlimited, "1.0", "not a version") == ["1.0", "not a version"]
    assert hits(limited, "not a version") == []


def test_versions_compare_by_what_they_mean_and_others_as_written() -> None:
    listed = record(versions=["1.0", "1.2rc1", "2004d", "a3"])
    assert hits(listed, "1.0.0", "v1.0", "1.2-RC1", "2004d", "a3", "1.0+local", "A3", "a4") == [
        *("1.0.0", "v1.0", "1.2-RC1", "2004d", "a3"),
    ]


def test_a_version_without_place_in_an_order_is_in_no_bounded_range() -> None:
    assert hits(record({"introduced": "0"}, {"fixed": "2"}), "1.0-final-2", "") == []
    odd = record({"introduced": "0"}, {"fixed": "final version"}, versions=["1.0"])
    assert hits(odd, "1.0", "0.9", "7") == ["1.0"]


def test_commits_other_ecosystems_and_other_packages_do_not_count() -> None:
    open_end = {"introduced": "0"}
    assert hits(record(open_end, type="GIT"), "1.0") == []
    assert hits(record(open_end, ecosystem="npm"), "1.0") == []
    assert hits(record(open_end, ecosystem=""), "1.0") == []
    assert hits(record(open_end, name="other"), "1.0") == []
    assert hits(record(open_end, name="De_Mo.X"), "1.0", name="de-mo-x") == ["1.0"]


def test_several_entries_of_one_package_count_together() -> None:
    both = record({"introduced": "1"}, {"fixed": "2"})
    both["affected"] += record({"introduced": "3"}, {"fixed": "4"})["affected"]
    assert hits(both, "1.5", "2.5", "3.5", "4.5") == ["1.5", "3.5"]
    assert [entry["fixed_in"] for v in ("1.5", "3.5") for entry in found([both], v)] == ["2", "4"]


@pytest.mark.parametrize(("value", "counts"), [("2024-01-01T00:00:00Z", False), ("", True)])
@pytest.mark.parametrize("none", [None, "null"])
def test_withdrawn_is_a_time(value: str, counts: bool, none: str | None) -> None:
    spoken = record({"introduced": "0"}, withdrawn=value or none)
    assert (hits(spoken, "1.0") == ["1.0"]) == counts


def test_records_that_name_each_other_become_one_entry() -> None:
    affected = record({"introduced": "0"}, {"fixed": "2.0"})["affected"]
    later = record({"introduced": "0"}, {"fixed": "2.1"})["affected"]
    vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
    records = [
        {"id": "GHSA-a", "aliases": ["CVE-1"], "summary": "Bad", "affected": later},
        {"id": "PYSEC-1", "aliases": ["CVE-1", "PYSEC-1"], "affected": affected},
        {"id": "CVE-1", "affected": affected, "severity": [{"type": "CVSS_V3", "score": vector}]},
        {"id": "PYSEC-2", "aliases": [], "affected": affected, "details": "Other\nmore"},
        {"id": "MAL-1", "aliases": ["CVE-1"], "affected": affected},
    ]

    merged = {
        "id": "PYSEC-1",
        "aliases": ["CVE-1", "GHSA-a"],
        "severity": "critical",
        "score": 9.8,
        "summary": "Bad",
        "fixed_in": "2.1",
    }
    other = {"id": "PYSEC-2", "aliases": [], "severity": "unknown", "summary": "Other"}
    assert found(records, "1.0") == [merged, {**other, "fixed_in": "2.0"}]
    assert found(reversed(records), "1.0") == found(records, "1.0")
    assert [
        each.id for each in malware_advisories(map(parse_osv_record, records), "demo", "1.0")
    ] == ["MAL-1"]


@given(st.permutations(range(6)), st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5))))
def test_merging_does_not_depend_on_the_order(
    order: list[int], pairs: list[tuple[int, int]]
) -> None:
    records = [record({"introduced": "0"}, id=f"X-{n}", aliases=[]) for n in range(6)]
    for one, other in pairs:
        records[one]["aliases"].append(f"X-{other}")
    entries = found(records, "1")
    assert found([records[n] for n in order], "1") == entries
    ids = [id_ for entry in entries for id_ in (entry["id"], *entry["aliases"])]
    assert sorted(ids) == [f"X-{n}" for n in range(6)]
    assert all(
        {f"X-{one}", f"X-{other}"} <= {entry["id"], *entry["aliases"]}
        for one, other in pairs
        for entry in entries
        if f"X-{one}" in (entry["id"], *entry["aliases"])
    )


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, ("unknown", None)),
        ({"database_specific": {"severity": "MODERATE"}}, ("medium", None)),
        ({"database_specific": {"severity": "odd"}}, ("unknown", None)),
        ({"severity": [{"type": "CVSS_V2", "score": "AV:N/AC:L/Au:N/C:C/I:C/A:C"}]}, ("high", 10)),
        ({"severity": [{"type": "CVSS_V3", "score": "nonsense"}]}, ("unknown", None)),
        ({"severity": [{"type": "Ubuntu", "score": "high"}]}, ("unknown", None)),
        (
            {
                "severity": [
                    {"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"},
                    {
                        "type": "CVSS_V4",
                        "score": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N",
                    },
                ]
            },
            ("critical", 9.3),
        ),
    ],
)
def test_severity(more: dict[str, Any], expected: tuple[str, float | None]) -> None:
    entry = found([record({"introduced": "0"}, **more)], "1.0")[0]
    assert (entry["severity"], entry.get("score")) == expected
    own = record({"introduced": "0"})  # the same said of the package alone
    own["affected"][0] |= more
    assert found([own], "1.0")[0]["severity"] == expected[0]


def test_malware_that_names_no_version_means_the_project() -> None:
    entry = {"package": {"ecosystem": "PyPI", "name": "demo"}}
    origins = [{"source": "one"}, {"source": "two"}, {"source": "one"}]
    bad = parse_osv_record(
        {
            "id": "MAL-1",
            "affected": [entry],
            "database_specific": {"malicious-packages-origins": origins},
        }
    )
    assert bad.is_malware
    assert bad.origins == 2
    assert bad.affects("demo", parse_release("any"))
    assert hits({"id": "PYSEC-1", "affected": [entry]}, "1.0") == []


@pytest.mark.parametrize("odd", [None, [], "text", {}, {"id": ""}, {"id": None}])
def test_what_is_no_record_is_refused(odd: object) -> None:
    with pytest.raises(InvalidRecord):
        parse_osv_record(odd)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("1.0"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                (
                    "package",
                    "ecosystem",
                    "name",
                    "ranges",
                    "events",
                    "introduced",
                    "fixed",
                    "versions",
                )
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
KEYS = st.sampled_from(("aliases", "affected", "severity", "withdrawn", "database_specific"))


@given(st.dictionaries(KEYS, JSON))
def test_odd_records_cost_what_is_odd_only(odd: dict[str, Any]) -> None:
    advisory = parse_osv_record({"id": "PYSEC-1", **odd})
    assert advisory.id == "PYSEC-1"
    assert all(
        advisory.affects(name, parse_release("1.0")) in (True, False) for name in ("a", "demo")
    )
    json.dumps([entry.as_dict() for entry in find_vulnerabilities([advisory], "demo", "1.0")])


@given(st.integers(0, 20), st.integers(0, 20), st.integers(0, 20))
def test_a_range_is_what_lies_between(low: int, high: int, probe: int) -> None:
    events = ({"introduced": f"1.{low}"}, {"fixed": f"1.{high}"})
    # A fix below the beginning ends nothing: the events are a line, not a pair.
    expected = low <= probe < high if low <= high else low <= probe
    assert bool(hits(record(*events), f"1.{probe}")) == expected
