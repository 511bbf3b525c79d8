"""Public data sets that name the projects of a classifier: BigQuery's and ClickHouse's.

Both hold one row for each file that was ever uploaded, of every release; what was deleted stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import ServiceUnreachable
from ..settings import Settings
from ..store import Store, bigquery_client
from ..store.sources.clickhouse import SERVICE_NAME, public_location

UPLOADS = """
SELECT IF(EXISTS(SELECT 1 FROM UNNEST(classifiers) AS carried WHERE carried IN UNNEST(@wanted)),
          name, NULL) AS name,
       UNIX_SECONDS(MAX(upload_time)) AS newest
FROM `bigquery-public-data.pypi.distribution_metadata`
GROUP BY 1
"""


@dataclass(frozen=True)
class ClassifierMatches:
    """Names as uploaded, and the newest upload that the data set knows, in Unix seconds."""

    names: Sequence[str]
    newest: float


def from_clickhouse(settings: Settings, classifiers: Sequence[str]) -> ClassifierMatches:
    """Ask ClickHouse's public data. Its table has known holes; no project is sure to be in it.

    A result that its quota cut off is told by a second count; raises ``ServiceUnreachable`` then,
    and the errors of ``Store``.
    """
    where = "FROM projects WHERE hasAny(classifiers, {wanted:Array(String)})"
    wanted = {"wanted": list(classifiers)}
    where_from, timeout = public_location(settings), settings.clickhouse_timeout
    with Store(where_from, timeout=timeout, readonly=True, called=SERVICE_NAME) as s:
        [(count,)] = s.query(f"SELECT uniqExact(name) {where}", wanted)
        rows = s.query(f"SELECT DISTINCT name {where}", wanted)
        [(newest,)] = s.query("SELECT toUnixTimestamp(max(upload_time)) FROM projects")
    if len(rows) != count:
        raise ServiceUnreachable(
            str(s), f"it gave {len(rows)} of {count} names: its quota is used up"
        )
    return ClassifierMatches([str(name) for (name,) in rows], float(newest))


def from_bigquery(settings: Settings, classifiers: Sequence[str]) -> ClassifierMatches:
    """Ask BigQuery's public data of uploads, within STATS_MAX_BYTES.

    Raises ``UsageError`` where that is not enough or credentials are missing,
    ``ServiceUnreachable`` and ``ServiceRefused``.
    """
    with bigquery_client.open_client(settings) as client:
        from google.cloud.bigquery import ArrayQueryParameter

        wanted = ArrayQueryParameter("wanted", "STRING", list(classifiers))
        found = list(
            bigquery_client.query_rows(client, UPLOADS, [wanted], settings.stats_max_bytes)
        )
    # The row without a name is there in any case: it tells how far the data set is.
    newest = max((float(newest) for _, newest in found), default=0.0)
    return ClassifierMatches([str(name) for name, _ in found if name], newest)
