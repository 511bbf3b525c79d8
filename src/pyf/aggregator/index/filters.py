"""Filter expressions for Typesense: the only place where values are quoted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import quote as percent_encoded

from ..errors import UsageError

MAX_FILTER_LENGTH = 3_000
"""Characters of a list of values in an address: servers and proxies allow 4,000 to 8,000."""


def quote(value: str) -> str:
    """Return a value as one filter literal, in backticks.

    Inside backticks nothing has a meaning but the backtick itself, for which the filter language
    has no escape; a value that contains one cannot be expressed and is refused.
    """
    if "`" in value:
        raise UsageError(f"a filter cannot express the backtick in {value!r}")
    return f"`{value}`"


def equals(field: str, *values: str) -> str:
    """Match documents of which the field equals one of the values."""
    if len(values) == 1:
        return f"{field}:={quote(values[0])}"
    return f"{field}:=[{','.join(map(quote, values))}]"


def can_quote(values: Iterable[str]) -> bool:
    """Say whether every value can stand in a filter."""
    return not any("`" in value for value in values)


def in_batches(values: Iterable[str]) -> Iterator[list[str]]:
    """Split values into lists that fit into the address of a request.

    Values that cannot be quoted are left out.
    """
    batch: list[str] = []
    length = 0
    for value in values:
        if not can_quote([value]):
            continue
        size = len(percent_encoded(f"`{value}`,", safe=""))
        if batch and length + size > MAX_FILTER_LENGTH:
            yield batch
            batch, length = [], 0
        batch.append(value)
        length += size
    if batch:
        yield batch
