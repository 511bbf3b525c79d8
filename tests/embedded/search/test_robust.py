"""Whatever is asked, and whatever happens at the same time, there is an answer that makes sense."""

from __future__ import annotations

import json
import random
import sys
import threading
from pathlib import Path
from typing import Any

from pyf.aggregator.embedded.search.resources import EVERYWHERE, PRESET
from pyf.aggregator.embedded.search.routing import Backend

from .running import Running

FIELDS = (
    {"name": "title", "type": "string"},
    {"name": "tags", "type": "string[]", "facet": True},
    {"name": "year", "type": "int32", "facet": True},
    {"name": "numbers", "type": "int64[]", "facet": True, "optional": True},
    {"name": "family", "type": "string", "facet": True, "sort": True, "optional": True},
)
ODD = {
    "q": ["*", "", "plone", '"rest api"', "-plone", "a b c d e f", "é", "*.", "`", "\x00", "👍"],
    "query_by": ["title", "title,tags", "title,title", "*", "t*", " title , tags "],
    "query_by_weights": ["1", "2,1", "0"],
    "sort_by": ["year:asc", "_text_match(buckets: 3):desc", "_text_match(buckets:0):desc", "x(",
                "_eval(tags:=a):desc", "_eval([]):asc", "family:desc", "_group_found:asc", "::"],
    "filter_by": ["year:>5", "tags:=a", "tags:[a,b", "id:*", "!tags:x", "tags:*", "numbers:[1..",
                  "numbers:[..3]", "year:[]", "tags:[]", "tags:=``", "(((year:1)))", "tags:!"],
    "facet_by": ["tags", "year", "*", "year(a:[0,5],b:[3,9])", "tags(sort_by:_alpha:asc)", "tags(",
                 "tags(sort_by:year:desc)", "numbers", "year(x:[a,b])", "year(x:[,])"],
    "facet_query": ["tags:a", "tags:", "x", "tags:zzz"],
    "max_facet_values": ["0", "1", "1000", "-1"],
    "group_by": ["family", "tags", "year", "numbers", "family,year", "title"],
    "group_limit": ["0", "1", "99"],
    "group_missing_values": ["false"],
    "per_page": ["0", "1", "250", "x"],
    "page": ["0", "2", "99999"],
    "offset": ["0", "3", "1000"],
    "include_fields": ["title", "*", "a.b"],
    "exclude_fields": ["title", "*"],
    "num_typos": ["0", "5", "1,0"],
    "prefix": ["false", "true,false", "x"],
    "infix": ["always", "fallback,off"],
    "highlight_fields": ["none", "title", "nope"],
    "highlight_full_fields": ["title,tags"],
    "highlight_affix_num_tokens": ["0", "99"],
    "drop_tokens_threshold": ["0", "10"],
    "max_candidates": ["0", "1", "1000"],
    "text_match_type": ["max_weight", "sum_score", "x"],
}  # fmt: skip


def documents(chance: random.Random, count: int, ids: int) -> bytes:
    words = ["plone", "rest", "api", "form", "zope", "é", ""]
    made: list[dict[str, Any]] = [
        {
            "id": str(chance.randrange(ids)),
            "title": " ".join(chance.choices(words, k=4)),
            "tags": chance.choices(words, k=2),
            "year": chance.randrange(10),
            "numbers": [chance.randrange(9)] * chance.randrange(3),
        }
        for _ in range(count)
    ]
    return "\n".join(map(json.dumps, made)).encode()


def test_no_combination_of_parameters_breaks_a_search(server: Running):
    chance = random.Random(7)
    server.create("odd_searches", *FIELDS)
    server.load("odd_searches", documents(chance, 60, 1000), action="upsert")

    for _ in range(700):
        names = chance.sample(sorted(ODD), chance.randint(1, 7))
        params = {name: chance.choice(ODD[name]) for name in names}
        answer = server.ask("GET", "/collections/odd_searches/documents/search", params=params)
        assert answer.status_code in (200, 400, 404, 422), (params, answer.text)


def test_the_youngest_document_may_go(server: Running):
    server.create("youngest", *FIELDS)
    server.load("youngest", b'{"id": "first", "title": "plone rest", "tags": [], "year": 1}')
    server.load("youngest", b'{"id": "last", "title": "plone rest", "tags": [], "year": 1}')

    server.ask("DELETE", "/collections/youngest/documents/last")

    assert server.ids("youngest", q="plone", query_by="title") == ["first"]


def test_searches_stay_whole_while_documents_come_change_and_go(server: Running):
    server.create("restless", *FIELDS)
    stop = threading.Event()
    failures: list[str] = []

    def write(seed: int) -> None:
        chance = random.Random(seed)
        while not stop.is_set():
            server.load("restless", documents(chance, 50, 400), action="upsert")
            filter_by = f"year:={chance.randrange(10)}"
            path = "/collections/restless/documents"
            server.ask("PATCH", path, params={"filter_by": filter_by}, json={"family": "f"})
            server.ask("DELETE", path, params={"filter_by": filter_by})

    def read(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(120):
            q = chance.choice(["*", "plone", "rest api"])
            sort_by = chance.choice(["year:asc", "family:desc,year:desc"])
            answer = server.ask(
                "GET",
                "/collections/restless/documents/search",
                params={"q": q, "query_by": "title", "sort_by": sort_by, "facet_by": "tags,year"},
            )
            if answer.status_code != 200:
                failures.append(answer.text)

    writers = [threading.Thread(target=write, args=(seed,)) for seed in (1, 2)]
    readers = [threading.Thread(target=read, args=(seed,)) for seed in (3, 4, 5)]
    for one in (*writers, *readers):
        one.start()
    for one in readers:
        one.join()
    stop.set()
    for one in writers:
        one.join()

    assert failures == []
    exported = server.ask("GET", "/collections/restless/documents/export").text.splitlines()
    found = server.search("restless", q="*", facet_by="year", per_page=0)
    years = [json.loads(line)["year"] for line in exported]
    counts = {one["value"]: one["count"] for one in found["facet_counts"][0]["counts"]}
    assert server.get("/collections/restless")["num_documents"] == len(exported) == found["found"]
    assert counts == {str(year): years.count(year) for year in set(years)}


def test_what_is_made_and_taken_away_at_once_leaves_all_the_rest(tmp_path: Path):
    """What is held in memory follows the file also where several write at the same time."""
    backend = Backend(tmp_path, "an admin key")
    for number in range(400):
        backend.resources.put(PRESET, EVERYWHERE, f"kept-{number}", {})
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def make_and_remove(writer: int) -> None:
        for number in range(60):
            name = f"{writer}-{number}"
            for one in (name, f"kept-{name}"):
                backend.resources.put(PRESET, EVERYWHERE, one, {})
                backend.collections.put_alias(one, "somewhere")
            backend.resources.delete(PRESET, EVERYWHERE, name)
            backend.collections.delete_alias(name)

    threads = [threading.Thread(target=make_and_remove, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(interval)

    assert len(backend.resources.all(PRESET, EVERYWHERE)) == 400 + 4 * 60
    assert len(backend.collections.aliases()) == 4 * 60
    backend.close()
