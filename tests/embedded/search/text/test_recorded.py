"""What Typesense answered to the same searches on the same data."""

from __future__ import annotations

import apsw
import pytest
from tests.embedded.search.text.replay import replay
from tests.shared import needs_shared

DIFFERENT = {"text": {"q15"}, "highlight": set(), "multi": set()}
"""Cases that differ: q15 needs accented letters folded as the real server does."""


@needs_shared
@pytest.mark.parametrize(("part", "searches"), [("text", 112), ("highlight", 12), ("multi", 1)])
def test_recorded_answers_agree(part: str, searches: int):
    """Found documents, their order where recorded, scores and highlights are the same."""
    results = dict(replay(part, apsw.Connection(":memory:")))

    assert {case for case, problems in results.items() if problems} == DIFFERENT[part], results
    assert len(results) == searches
