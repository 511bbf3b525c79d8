"""An index in memory, and shorthands to fill and ask it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import apsw
import pytest

from pyf.aggregator.embedded.search.text import TextField, TextIndex, TextQuery

SEPARATORS = (".", "-", "_", "@", "/")
FIELDS = (
    TextField("name", False, SEPARATORS),
    TextField("summary", False, SEPARATORS),
    TextField("keywords", True, SEPARATORS),
    TextField("language", False, SEPARATORS, ("+", "#")),
    TextField("file", False, (), (), infix=True),
)

Document = Mapping[str, str | list[str]]


class Shelf:
    """A text index with its connection; documents are numbered as they come."""

    def __init__(self, db: apsw.Connection, index: TextIndex) -> None:
        self.db = db
        self.index = index
        with db:
            index.create(db)

    def put(self, documents: Iterable[Document], first: int = 0) -> None:
        rows = [
            (seq, {n: [v] if isinstance(v, str) else v for n, v in document.items()}, 0)
            for seq, document in enumerate(documents, first)
        ]
        with self.db:
            self.index.add_many(self.db, rows)

    def find(self, q: str, by: str = "name,summary,keywords", **more: object) -> list[int]:
        """The seqs found, best first."""
        query = TextQuery(q, tuple(by.split(",")), **more)
        found = self.index.search(self.db, query, None)
        order = sorted(zip(-found.scores, found.seqs, strict=True))
        return [int(seq) for _, seq in order]

    def filter(
        self, field: str, value: str, *, exact: bool = True, prefix: bool = False
    ) -> list[int]:
        return self.index.filter(self.db, field, value, exact=exact, prefix=prefix).tolist()


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    with_db = apsw.Connection(":memory:")
    yield Shelf(with_db, TextIndex(1, FIELDS))
    with_db.close()


@pytest.fixture
def stocked(shelf: Shelf) -> Shelf:
    """Five projects."""
    shelf.put(
        [
            {
                "name": "plone.api",
                "summary": "A simple API for Plone",
                "keywords": ["plone", "api"],
            },
            {"name": "plone.restapi", "summary": "REST API for Plone", "keywords": ["rest api"]},
            {"name": "django", "summary": "A web framework", "language": "C++"},
            {"name": "django-filter", "summary": "Filters for Django", "language": "C#"},
            {"name": "Flask", "summary": "A simple web framework", "file": "flask-3.0.tar.gz"},
        ]
    )
    return shelf
