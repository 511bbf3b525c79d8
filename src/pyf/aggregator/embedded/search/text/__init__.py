"""Everything about text in the local search server: tokens, postings, matching, highlighting.

The server's side of the seam::

    index = TextIndex(collection_id, fields)        # one per collection, shared by all threads
    index.create(db)                                # in the caller's write transaction, as are
    index.add(db, seq, {"name": ["plone.api"]})     #   add, add_many, remove, clear and drop
    found = index.search(db, TextQuery(q="api", query_by=("name",)), allowed=None)
    index.filter(db, "name", "plone.api", exact=True, prefix=False)
    highlight(index, document, found, HighlightParams())
"""

from __future__ import annotations

from .highlighting import highlight
from .text_index import TextIndex
from .types import HighlightParams, Synonym, TextField, TextMatches, TextQuery, TokenHit

__all__ = [
    "HighlightParams",
    "Synonym",
    "TextField",
    "TextIndex",
    "TextMatches",
    "TextQuery",
    "TokenHit",
    "highlight",
]
