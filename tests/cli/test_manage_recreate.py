"""``pyfa manage --recreate-collection`` and ``--rollback`` as a user meets them."""

from __future__ import annotations

import json

import pytest

from pyf.aggregator.index import collections, synonyms

from ..stack import Bench

pytestmark = pytest.mark.integration


def test_recreated_and_rolled_back(bench: Bench) -> None:
    bench.run()
    before = bench.documents()
    name = bench.collection
    made = bench.command("manage", "--recreate-collection", "-t", name, "--keep-old", "--json")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["new"] == f"{name}-2"
    assert bench.documents() == before
    back = bench.command("manage", "--rollback", "-t", name)
    assert back.returncode == 0, back.stderr
    assert f"{name}-1 again" in back.stdout
    assert collections.aliases(bench.server)[name] == f"{name}-1"
    again = bench.command("manage", "--rollback", "-t", name)
    assert again.returncode == 3
    assert "Traceback" not in again.stderr


def test_synonyms_go_with_it(bench: Bench) -> None:
    bench.run()
    name = bench.collection
    own = bench.folder / "profiles.yaml"
    own.write_text(
        f"profiles:\n  {name}:\n    include: [x]\n    synonyms:\n"
        "      - [form, questionnaire]\n      - {root: rest, words: [restful]}\n"
    )
    synonyms.write_synonyms(
        bench.server, f"{name}-1", [{"id": "by-hand", "synonyms": ["theme", "skin"]}]
    )
    made = bench.command("manage", "--recreate-collection", "-p", name, PYF_PROFILES=str(own))
    assert made.returncode == 0, made.stderr
    found = {item["id"]: item for item in synonyms.read_synonyms(bench.server, f"{name}-2")}
    assert set(found) == {"by-hand", "profile-form-questionnaire", "profile-rest-restful"}
    parameters = {"q": "questionnaire", "query_by": "name,summary"}
    answer = bench.server.call(lambda client: client.collections[name].documents.search(parameters))
    forms = [h for h in answer["hits"] if "form" in str(h["document"]).lower()]
    assert len(forms) == len(answer["hits"])


def test_a_collection_that_is_not_there_is_made(bench: Bench) -> None:
    made = bench.command("manage", "--recreate-collection", "-t", bench.collection)
    assert made.returncode == 0, made.stderr
    assert collections.aliases(bench.server)[bench.collection] == f"{bench.collection}-1"


@pytest.mark.parametrize(
    "arguments", [["--recreate-collection"], ["--rollback", "-f"], ["--keep-old"]]
)
def test_wrong_use(bench: Bench, arguments: list[str]) -> None:
    result = bench.command("manage", *arguments)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
