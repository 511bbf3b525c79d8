"""Answers the recorded search requests with the text room alone: no server, no filter language.

Sorting, grouping and paging are done the plain way, over documents held in a list.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import apsw
from tests.shared import SHARED

from pyf.aggregator.embedded.search.text import (
    HighlightParams,
    Synonym,
    TextField,
    TextIndex,
    TextMatches,
    TextQuery,
    highlight,
)

CASES = SHARED / "conformance" / "cases"
_COLLECTION_IDS = {"cf_tiny": 1, "cf_packages": 2}


def runner() -> ModuleType:
    """The conformance runner, for its rules of comparison."""
    spec = importlib.util.spec_from_file_location("run", SHARED / "conformance" / "run.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cases(part: str) -> list[dict[str, Any]]:
    lines = (CASES / f"{part}.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


@dataclass
class Collection:
    """Documents by seq and their text index."""

    db: apsw.Connection
    schema: dict[str, Any]
    documents: list[dict[str, Any]] = field(default_factory=list)
    synonyms: dict[str, Synonym] = field(default_factory=dict)

    def __post_init__(self) -> None:
        separators = tuple(self.schema.get("token_separators", ()))
        fields = [
            TextField(f["name"], f["type"].endswith("[]"), separators)
            for f in self.schema["fields"]
            if f["type"] in ("string", "string[]")
        ]
        self.index = TextIndex(_COLLECTION_IDS[self.schema["name"]], fields, by_points=True)
        self.index.create(self.db)

    def load(self, documents: list[dict[str, Any]], batch: int = 500) -> None:
        for start in range(0, len(documents), batch):
            rows = list(enumerate(documents[start : start + batch], len(self.documents)))
            with self.db:
                self.index.add_many(
                    self.db, [(seq, self.values(d), self.points(d)) for seq, d in rows]
                )
            self.documents.extend(document for _, document in rows)

    def points(self, document: dict[str, Any]) -> int:
        value = document[self.schema["default_sorting_field"]]
        return value if isinstance(value, int) else 0

    def values(self, document: dict[str, Any]) -> dict[str, list[str]]:
        return {
            f.name: value if f.array else [value]
            for f in self.index.fields
            if (value := document.get(f.name)) is not None
        }

    def search(self, params: dict[str, Any]) -> dict[str, Any]:
        found = self.index.search(self.db, self.query(params), None)
        order = self.ranked(found, params.get("sort_by"))
        per_page = int(params.get("per_page", 10))
        answer: dict[str, Any] = {"found": len(found.seqs)}
        if "group_by" in params:
            groups = dict.fromkeys(self.documents[s][params["group_by"]] for s in order)
            answer["grouped_hits"] = [{"group_key": [g]} for g in list(groups)[:per_page]]
        else:
            answer["hits"] = [self.hit(s, found, params) for s in order[:per_page]]
        return answer

    def query(self, params: dict[str, Any]) -> TextQuery:
        extra: dict[str, Any] = {
            name: int(params[name])
            for name in ("typo_tokens_threshold", "drop_tokens_threshold")
            if name in params
        }
        if "num_typos" in params:
            extra["num_typos"] = (int(params["num_typos"]),)
        if "prefix" in params:
            extra["prefix"] = (params["prefix"] == "true",)
        if "query_by_weights" in params:
            extra["weights"] = tuple(map(int, params["query_by_weights"].split(",")))
        query_by = tuple(params["query_by"].split(","))
        return TextQuery(params["q"], query_by, synonyms=tuple(self.synonyms.values()), **extra)

    def ranked(self, found: TextMatches, sort_by: str | None) -> list[int]:
        score = dict(zip(found.seqs.tolist(), found.scores.tolist(), strict=True))
        order = sorted(score, reverse=True)
        default = f"_text_match:desc,{self.schema['default_sorting_field']}:desc"
        for key in reversed((sort_by or default).split(",")):
            name, _, direction = key.partition(":")
            order.sort(
                key=lambda s: score[s] if name == "_text_match" else self.documents[s][name],
                reverse=direction == "desc",
            )
        return order

    def hit(self, seq: int, found: TextMatches, params: dict[str, Any]) -> dict[str, Any]:
        document = self.documents[seq]
        marked, legacy = highlight(self.index, document, found, highlight_params(params))
        hit: dict[str, Any] = {"document": document, "highlight": marked, "highlights": legacy}
        if not found.wildcard:
            hit["text_match_info"] = found.info(seq)
        return hit


def highlight_params(params: dict[str, Any]) -> HighlightParams:
    def names(parameter: str) -> tuple[str, ...]:
        return tuple(n for n in params.get(parameter, "").split(",") if n)

    tags = HighlightParams()
    return HighlightParams(
        names("highlight_fields"),
        names("highlight_full_fields"),
        int(params.get("highlight_affix_num_tokens", tags.affix_num_tokens)),
        params.get("highlight_start_tag", tags.start_tag),
        params.get("highlight_end_tag", tags.end_tag),
        int(params.get("snippet_threshold", tags.snippet_threshold)),
    )


def replay(part: str, db: apsw.Connection) -> Iterator[tuple[str, list[str]]]:
    """Each search of a part: its id and what differs from the recorded answer."""
    compare = runner().differs
    collections: dict[str, Collection] = {}
    for case in cases(part):
        request = case["request"]
        name = (request["path"] + "/").split("/")[2]
        if request["path"] == "/collections":
            schema = request["body"]
            collections[schema["name"]] = Collection(db, schema)
        elif request["path"].endswith("/import"):
            collections[name].load(_documents(request["body"]))
        elif "/synonyms/" in request["path"]:
            _synonym(collections[name], request)
        elif _is_ours(case):
            answer = collections[name].search(request["params"])
            expected = case["expected"]["body"]
            rules = dict(case["compare"])
            if any("text_match_info" in hit for hit in expected.get("hits", ())):
                rules["hits.*.text_match_info"] = "exact"
            problems = [compare(rule, path, expected, answer) for path, rule in rules.items()]
            yield case["id"], [problem for problem in problems if problem]


def _is_ours(case: dict[str, Any]) -> bool:
    """Whether a case is a search that the server hands on to the text room."""
    request = case["request"]
    given = {"q", "query_by"} <= set(request.get("params") or ())
    return request["path"].endswith("/search") and given and case["expected"]["status"] == 200


def _documents(body: Any) -> list[dict[str, Any]]:
    if isinstance(body, str):
        text = (SHARED / "conformance" / body.removeprefix("@")).read_text("utf-8")
        return [json.loads(line) for line in text.splitlines()]
    return list(body)


def _synonym(collection: Collection, request: dict[str, Any]) -> None:
    key = request["path"].rsplit("/", 1)[1]
    if request["method"] == "DELETE":
        del collection.synonyms[key]
    else:
        body = request["body"]
        collection.synonyms[key] = Synonym(tuple(body["synonyms"]), body.get("root", ""))
