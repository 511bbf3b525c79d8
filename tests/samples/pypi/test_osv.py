"""OSV's export over the sample's own projects: what it says is what the real one would."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from pyf.aggregator.documents.advisories import by_package, parse_osv_record
from pyf.aggregator.documents.vulnerabilities import find_vulnerabilities, malware_advisories
from pyf.aggregator.names import normalize_name

from .conftest import FAMILY, Client, connected


def unpacked(body: bytes) -> dict[str, Any]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return {name: orjson.loads(archive.read(name)) for name in archive.namelist()}


@pytest.fixture(scope="module")
def records(index: Client) -> dict[str, Any]:
    answer = index.get("/osv/PyPI/all.zip")
    assert answer.status_code == 200
    return unpacked(answer.content)


def of_kind(records: dict[str, Any], kind: str) -> list[Any]:
    def kind_of(record: Any) -> str:
        if record["id"].startswith("MAL-"):
            return "malware"
        return "withdrawn" if "withdrawn" in record else "vulnerability"

    return [record for record in records.values() if kind_of(record) == kind]


def package(record: Any) -> str:
    return str(record["affected"][0]["package"]["name"])


def test_there_are_vulnerabilities_malware_and_a_withdrawn_record(records: dict[str, Any]) -> None:
    assert len(of_kind(records, "vulnerability")) > 20
    assert len(of_kind(records, "malware")) == len(of_kind(records, "withdrawn")) == 1


def test_the_records_are_about_projects_of_the_index(
    index: Client, records: dict[str, Any]
) -> None:
    family = {normalize_name(name) for name, _ in index.rpc.browse([FAMILY])}  # type: ignore[union-attr]
    named = {normalize_name(package(record)) for record in records.values()}

    assert len(named) == len(records)
    assert len(named & family) >= 4
    for name in named:
        assert index.json(name)["info"]["version"]


def test_every_second_latest_release_is_vulnerable(index: Client, records: dict[str, Any]) -> None:
    found = []
    for record in of_kind(records, "vulnerability"):
        name = normalize_name(package(record))
        advisories = by_package([parse_osv_record(record)])[name]
        found.append(
            bool(find_vulnerabilities(advisories, name, index.json(name)["info"]["version"]))
        )

    assert len(found) / 3 < sum(found) < len(found) * 2 / 3


def test_malware_is_known_for_what_it_is(index: Client, records: dict[str, Any]) -> None:
    (bad,), (withdrawn,) = of_kind(records, "malware"), of_kind(records, "withdrawn")
    for record, is_bad in ((bad, True), (withdrawn, False)):
        name = normalize_name(package(record))
        advisories = by_package([parse_osv_record(record)]).get(name, ())
        version = index.json(name)["info"]["version"]
        assert bool(malware_advisories(advisories, name, version)) == is_bad
        assert not find_vulnerabilities(advisories, name, version)


def test_the_archive_keeps_its_etag_whatever_changes(fresh: Client) -> None:
    before = fresh.get("/osv/PyPI/all.zip")
    fresh.control.publish("Sample.Project", "3.0", classifiers=[FAMILY])

    again = fresh.get("/osv/PyPI/all.zip", If_None_Match=before.headers["ETag"])

    assert again.status_code == 304
    assert fresh.control.stats()["requests"]["osv"] == 2


def test_changes_and_single_records_agree_with_the_archive(
    index: Client, records: dict[str, Any]
) -> None:
    lines = index.get("/osv/PyPI/modified_id.csv").text.splitlines()

    assert {f"{line.split(',')[1]}.json" for line in lines} == set(records)
    name, record = next(iter(records.items()))
    assert index.get(f"/osv/PyPI/{name}").json() == record
    assert lines[0].split(",")[0] == record["modified"]


@pytest.mark.parametrize("path", ["/osv/PyPI/PYSEC-1-1.json", "/osv/PyPI/", "/osv/npm/all.zip"])
def test_what_is_not_there_is_404(index: Client, path: str) -> None:
    assert index.get(path).status_code == 404


@pytest.fixture(scope="module")
def tiny() -> Iterator[Client]:
    yield from connected(projects=1, share=0.0, seed=1)


def test_a_tiny_index_has_an_archive_too(tiny: Client) -> None:
    assert len(unpacked(tiny.get("/osv/PyPI/all.zip").content)) <= 1
