"""The client of BigQuery, made from the settings, and queries that cost no more than they may."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..errors import ServiceRefused, ServiceUnreachable, UsageError
from ..settings import Settings

if TYPE_CHECKING:
    from google.cloud import bigquery

SERVICE = "BigQuery"
TOKEN_URL = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address


@contextmanager
def open_client(settings: Settings) -> Iterator[bigquery.Client]:
    """A client; its errors become the project's inside of the block.

    Raises ``UsageError`` where the library or credentials are missing.
    """
    try:
        import google.auth.exceptions
        from google.api_core import exceptions
        from google.cloud import bigquery
    except ImportError:
        raise UsageError(
            "google-cloud-bigquery is not installed: pip install 'pyf.aggregator[bigquery]'"
        ) from None
    try:
        with bigquery.Client(
            project=settings.google_project_id,
            credentials=_credentials(settings),
            client_options={"api_endpoint": settings.bigquery_url},
        ) as opened:
            yield opened
    except google.auth.exceptions.DefaultCredentialsError:
        raise UsageError(
            "there are no credentials for BigQuery; set GOOGLE_CLIENT_EMAIL and "
            "GOOGLE_PRIVATE_KEY, or GOOGLE_APPLICATION_CREDENTIALS"
        ) from None
    except (google.auth.exceptions.TransportError, exceptions.RetryError) as error:
        raise ServiceUnreachable(SERVICE, _short(error)) from None
    except google.auth.exceptions.GoogleAuthError as error:
        raise ServiceRefused(f"{SERVICE} does not take the credentials: {_short(error)}") from None
    except exceptions.ServerError as error:
        raise ServiceUnreachable(SERVICE, _short(error)) from None
    except exceptions.GoogleAPICallError as error:
        raise ServiceRefused(f"{SERVICE}: {_short(error)}") from None
    except OSError as error:
        raise ServiceUnreachable(SERVICE, _short(error)) from None


def query_rows(
    client: bigquery.Client, sql: str, parameters: Sequence[Any], max_bytes: int
) -> Iterator[Sequence[Any]]:
    """The rows of a query that bills no more than ``max_bytes``, page by page.

    It is estimated before it runs; raises ``UsageError`` where it would bill more.
    """
    from google.cloud.bigquery import QueryJobConfig

    estimate = client.query(
        sql, job_config=QueryJobConfig(query_parameters=list(parameters), dry_run=True)
    )
    if estimate.total_bytes_processed > max_bytes:
        raise UsageError(
            f"this BigQuery query would bill {estimate.total_bytes_processed:,} bytes, more than "
            f"the {max_bytes:,} that STATS_MAX_BYTES allows"
        )
    config = QueryJobConfig(query_parameters=list(parameters), maximum_bytes_billed=max_bytes)
    for row in client.query(sql, job_config=config).result():
        yield row.values()


def _credentials(settings: Settings) -> Any:
    """The service account of the settings; ``None`` lets the library search."""
    if not (settings.google_client_email and settings.google_private_key):
        return None
    from google.oauth2 import service_account

    info = {
        "client_email": settings.google_client_email,
        "private_key": settings.google_private_key.replace("\\n", "\n"),
        "private_key_id": settings.google_private_key_id,
        "project_id": settings.google_project_id,
        "token_uri": TOKEN_URL,
    }
    read: Callable[[dict[str, Any]], Any] = service_account.Credentials.from_service_account_info
    try:
        return read(info)
    except ValueError:
        raise UsageError("GOOGLE_PRIVATE_KEY is no private key in PEM form") from None


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
