"""Lists of what is remarkable: hidden gems, rising ones, those that need maintainers, and risks.

What makes a project one of them is decided when its score is computed (docs/insights.md).
"""

from __future__ import annotations

from ..documents.insights import INSIGHTS
from ..errors import UsageError
from . import scores
from .client import Store
from .scores import HealthScore

INSIGHTS_SQL = """
SELECT name, score, formula, insights, downloads, trend, stars, open_issues, uploaded, breakdown,
    calculated
FROM (
    SELECT * FROM scores FINAL
    WHERE NOT gone AND has(insights, {kind:String})
        AND ({profile:String} = '' OR collection = {profile:String})
        AND name GLOBAL NOT IN (SELECT name FROM flagged_projects)
    ORDER BY calculated DESC
    LIMIT 1 BY name
)
ORDER BY
    multiIf(
        {kind:String} = 'rising', trend,
        {kind:String} = 'needs-maintainers', toFloat64(open_issues),
        toFloat64(downloads)
    ) DESC NULLS LAST,
    name
LIMIT {limit:UInt64}
"""


def projects_with_insight(
    store: Store, kind: str, profile: str | None = None, limit: int = 100
) -> tuple[HealthScore, ...]:
    """The projects of a kind, the most remarkable first, equal ones by name.

    Rising ones come by momentum, those that need maintainers by open issues, others by downloads.
    ``profile`` is the collection of a profile; without one, all collections count, each project
    once. Flagged projects have no place in lists. Raises ``UsageError`` for an unknown kind.
    """
    if kind not in INSIGHTS:
        raise UsageError(f"there is no insight {kind!r}; there are {', '.join(INSIGHTS)}")
    rows = store.query(INSIGHTS_SQL, {"kind": kind, "profile": profile or "", "limit": limit})
    return tuple(map(scores.parse_row, rows))
