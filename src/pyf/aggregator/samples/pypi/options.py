"""What the sample upstreams can be started with, and the faults they can be given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from ...errors import UsageError

END = 1_793_491_200.0
"""The newest generated release was made before this second: 2026-11-01, midnight UTC."""

_RATES = ("rate_429", "rate_503", "rate_reset", "rate_truncated", "rate_malformed")


@dataclass(frozen=True, slots=True)
class Faults:
    """Faults to inject; times in seconds, rates from 0 to 1, nothing by default.

    Rates are tried in the order they stand here, at most one fault befalls an answer, and
    the n-th request of a path always meets the same fate under the same ``seed``.
    """

    latency: float = 0.0
    jitter: float = 0.0
    """Up to this is added to ``latency``."""
    rate_429: float = 0.0
    rate_503: float = 0.0
    rate_reset: float = 0.0
    rate_truncated: float = 0.0
    rate_malformed: float = 0.0
    retry_after: float | None = 1.0
    """What 429 and 503 ask for; None sends no Retry-After."""
    retry_after_date: bool = False
    """Retry-After as an HTTP date instead of a number."""
    outage: bool = False
    """Every answer is 503."""
    stale: int = 0
    """After a change this many requests of each address still get the answer before it."""
    xmlrpc_limit: int | None = None
    """XML-RPC calls allowed in ``xmlrpc_window`` seconds; None allows any number."""
    xmlrpc_window: float = 60.0
    prefixes: tuple[str, ...] = ()
    """Only paths that begin with one of these are touched; empty means all."""
    seed: int = 1

    def __post_init__(self) -> None:
        unfit = [each.name for each in fields(self) if not _fits(each, getattr(self, each.name))]
        if unfit:
            raise UsageError(f"values of the wrong type: {', '.join(unfit)}")
        wrong = [name for name in _RATES if not 0 <= getattr(self, name) <= 1]
        if wrong:
            raise UsageError(f"a rate is a number from 0 to 1: {', '.join(wrong)}")

    def with_changes(self, values: Mapping[str, Any]) -> Faults:
        """Return these faults with some values changed.

        Raises:
            UsageError: a name is unknown or a rate is outside 0 to 1.
        """
        unknown = sorted(set(values) - {each.name for each in fields(self)})
        if unknown:
            raise UsageError(f"unknown fault: {', '.join(unknown)}")
        merged = {**asdict(self), **values}
        if isinstance(merged["prefixes"], list):
            merged["prefixes"] = tuple(merged["prefixes"])
        return Faults(**merged)


def _fits(each: Field[Any], value: object) -> bool:
    """Tell whether a value has a field's type, a number without a fraction being a float too."""
    if each.name == "prefixes":
        return isinstance(value, tuple) and all(isinstance(part, str) for part in value)
    if value is None:
        return "None" in str(each.type)
    if isinstance(value, bool) or each.type == "bool":
        return isinstance(value, bool) and each.type == "bool"
    return isinstance(value, int | float if "float" in str(each.type) else int)


@dataclass(frozen=True, slots=True)
class SampleOptions:
    """Where to listen and what to serve."""

    host: str = "127.0.0.1"
    port: int = 0
    """0 takes a free one."""
    projects: int = 2000
    seed: int = 1
    framework: str = "Framework :: Plone"
    share: float = 0.02
    """Share of the projects that carry ``framework`` or a classifier below it."""
    releases: float = 1.0
    """How many times as many releases as projects have on average, about five."""
    end: float = END
    """No generated release is newer than this, in seconds since 1970."""
    recorded: Path | None = None
    """Serve the recorded answers of this folder instead of a generated catalogue."""
    base_url: str = "https://pypi.example"
    """Put into links that the answers carry; nothing is served there."""
    gzip_from: int = 65_536
    """Bodies of at least this many bytes are compressed for clients that accept gzip."""
    faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise UsageError(f"a share is a number from 0 to 1, not {self.share}")
        if not 0 < self.releases <= 100:
            raise UsageError(f"releases are multiplied by a number up to 100, not {self.releases}")
        if self.projects < 0:
            raise UsageError(f"the number of projects cannot be {self.projects}")
