"""Source ``bigquery``: one statement over the public log of all downloads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ...errors import UsageError
from ...settings import Settings
from .. import bigquery_client
from .base import MIRRORS, SYSTEMS, CostEstimate, NoData, Scope

if TYPE_CHECKING:
    from google.cloud import bigquery

TABLE = "bigquery-public-data.pypi.file_downloads"
SQL = f"""
WITH hits AS (
  SELECT
    LOWER(REGEXP_REPLACE(TRIM(project), r'[-_.]+', '-')) AS package,
    details.installer.name AS installer,
    details.python AS python,
    details.system.name AS system,
    country_code AS country,
    file.version AS version
  FROM `{TABLE}`
  WHERE timestamp >= TIMESTAMP(@day)
    AND timestamp < TIMESTAMP_ADD(TIMESTAMP(@day), INTERVAL 1 DAY)
    AND (details.python IS NULL OR REGEXP_CONTAINS(details.python, r'^[0-9]+\\.[0-9]+'))
)
SELECT counted.dimension AS dimension, package, counted.category AS category, COUNT(*) AS downloads
FROM hits, UNNEST(ARRAY_CONCAT(
  [STRUCT('overall' AS dimension, 'with_mirrors' AS category)],
  IF(installer != '' AND installer NOT IN UNNEST(@mirrors), [
    STRUCT('overall' AS dimension, 'without_mirrors' AS category),
    STRUCT('python_major', IFNULL(REGEXP_EXTRACT(python, r'^[0-9]+'), 'null')),
    STRUCT('python_minor', IFNULL(REGEXP_EXTRACT(python, r'^[0-9]+\\.[0-9]+'), 'null')),
    STRUCT('system', CASE WHEN system IS NULL OR system = '' THEN 'null'
                          WHEN system IN UNNEST(@systems) THEN system ELSE 'other' END),
    STRUCT('installer', installer),
    STRUCT('country', IFNULL(NULLIF(country, ''), 'null')),
    STRUCT('version', IFNULL(NULLIF(version, ''), 'null'))
  ], [])
)) AS counted
GROUP BY dimension, package, category
"""  # noqa: S608 - values are parameters
"""One scan of the day's partition for all dimensions: what is billed are the six columns once."""
PAGE = 50_000
"""Rows of one answer; BigQuery cuts answers at 10 MB in any case."""


class BigQuerySource:
    """``bigquery-public-data.pypi.file_downloads``; Google bills the bytes read."""

    name = "bigquery"
    scope: Scope = "full"
    grouped = True
    remainders: tuple[str, ...] = ()

    def __init__(self, settings: Settings, max_bytes: int) -> None:
        self._settings = settings
        self._max_bytes = max_bytes

    def estimate(self, day: dt.date) -> CostEstimate:
        """Ask BigQuery what the day's statement would read."""
        with bigquery_client.open_client(self._settings) as client:
            size = _estimate(client, day)
        return CostEstimate(size, f"{size / 1e9:,.1f} GB would be billed")

    def read(self, day: dt.date) -> Iterator[pa.Table]:
        """Estimate, then run the statement, and hand its rows on page by page."""
        with bigquery_client.open_client(self._settings) as client:
            size = _estimate(client, day)
            if size > self._max_bytes:
                raise UsageError(
                    f"loading {day} from BigQuery would bill {size:,} bytes, more than the "
                    f"{self._max_bytes:,} that --max-bytes or STATS_MAX_BYTES allow"
                )
            job = client.query(SQL, job_config=_config(day, maximum_bytes_billed=self._max_bytes))
            found = 0
            for page in job.result(page_size=PAGE).to_arrow_iterable():
                found += page.num_rows
                yield pa.Table.from_batches([page])
        if not found:
            raise NoData(f"BigQuery has no downloads of {day}")


def _estimate(client: bigquery.Client, day: dt.date) -> int:
    job = client.query(SQL, job_config=_config(day, dry_run=True, use_query_cache=False))
    return int(job.total_bytes_processed or 0)


def _config(day: dt.date, **more: Any) -> bigquery.QueryJobConfig:
    from google.cloud.bigquery import ArrayQueryParameter, QueryJobConfig, ScalarQueryParameter

    parameters = [
        ScalarQueryParameter("day", "DATE", day),
        ArrayQueryParameter("mirrors", "STRING", list(MIRRORS)),
        ArrayQueryParameter("systems", "STRING", list(SYSTEMS)),
    ]
    return QueryJobConfig(query_parameters=parameters, **more)
