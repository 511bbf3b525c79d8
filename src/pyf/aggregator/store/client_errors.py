"""ClickHouse's errors in the project's words."""

from __future__ import annotations

import re
from types import TracebackType

from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError

from ..errors import AggregatorError, ServiceRefused, ServiceUnreachable
from .location import mask_addresses

AUTHENTICATION_FAILED = 516
MAX_REASON_LENGTH = 300
_STATUS = re.compile(r"received HTTP status (\d{3})")
"""How the driver reports an answer that is not ClickHouse's own."""


class QueryFailed(ServiceRefused):
    """The store refused a statement. ``code`` is ClickHouse's number of the error."""

    def __init__(self, sentence: str, code: int | None = None) -> None:
        self.code = code
        super().__init__(sentence)


class ErrorTranslator:
    """Turns the client's errors into the project's."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, ClickHouseError | OSError):
            raise _translate_error(self._name, error) from error


def _translate_error(name: str, error: ClickHouseError | OSError) -> AggregatorError:
    code = getattr(error, "code", None)
    if code == AUTHENTICATION_FAILED:
        return ServiceRefused(f"{name} does not take this user or password")
    if code is None and (answered := _STATUS.search(str(error))):
        return _not_clickhouse(name, int(answered[1]))
    if code is None and isinstance(error, OSError | OperationalError):
        return ServiceUnreachable(name, _innermost(error))
    said = " ".join(str(error).rpartition("DB::Exception: ")[2].split())
    return QueryFailed(f"{name}: {mask_addresses(said)[:MAX_REASON_LENGTH]}", code)


def _not_clickhouse(name: str, status: int) -> AggregatorError:
    """What answers with a status and without ClickHouse's code is something before it."""
    if status in (401, 403):
        return ServiceRefused(f"{name} does not let this user in (HTTP status {status})")
    return ServiceUnreachable(name, f"HTTP status {status}")


def _innermost(error: BaseException) -> str:
    """What went wrong below all the libraries, without the address that each of them repeats."""
    seen = error
    while isinstance(inner := getattr(seen, "reason", None) or seen.__cause__, BaseException):
        seen = inner
    reason = getattr(seen, "strerror", None) or str(seen).rpartition(">: ")[2].rpartition(": ")[2]
    return mask_addresses(" ".join(reason.split()))[:MAX_REASON_LENGTH] or type(seen).__name__
