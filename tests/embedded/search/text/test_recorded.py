"""What Typesense answered to the same searches on the same data."""

from __future__ import annotations

import apsw
import pytest
from tests.embedded.search.text.replay import replay
from tests.shared import needs_shared


@needs_shared
@pytest.mark.parametrize(("part", "searches"), [("text", 112), ("highlight", 12), ("multi", 1)])
def test_recorded_answers_agree(part: str, searches: int):
    """Found documents, their order where recorded, scores and highlights are the same."""
    results = dict(replay(part, apsw.Connection(":memory:")))

    assert {case: problems for case, problems in results.items() if problems} == {}
    assert len(results) == searches
