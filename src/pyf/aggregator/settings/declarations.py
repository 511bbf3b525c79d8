"""How a setting is declared: what is known of it, and the helpers of the groups."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from . import value_types
from .value_types import ValueType, mask_credentials

T = TypeVar("T")
D = TypeVar("D")

MASK = "***"


@dataclass(frozen=True)
class DerivedDefault(Generic[T]):
    """A default that depends on the machine; ``text`` says how, for the documentation."""

    compute: Callable[[Mapping[str, str]], T]
    text: str


@dataclass(frozen=True)
class Setting:
    """What is known about one setting, apart from its value.

    ``fallback`` names an older setting whose value counts where this one is not given;
    ``empty_is_value`` tells that an empty text is a choice and not the same as nothing.
    """

    name: str
    kind: ValueType[Any]
    default: Any
    meaning: str
    unit: str = ""
    secret: bool = False
    fallback: str | None = None
    empty_is_value: bool = False

    @property
    def attribute(self) -> str:
        """The name of the attribute of ``Settings``."""
        return self.name.lower()

    @property
    def default_text(self) -> str:
        """The default as it would be written; empty where there is none or it is derived."""
        if self.default is None or self.default == () or isinstance(self.default, DerivedDefault):
            return ""
        return f"{self.default:g}" if isinstance(self.default, float) else str(self.default)

    def default_value(self, environ: Mapping[str, str]) -> Any:
        """The value where nothing is set."""
        return (
            self.default.compute(environ)
            if isinstance(self.default, DerivedDefault)
            else self.default
        )

    def masked_repr(self, value: object) -> str:
        """The value as it may be printed: secrets and passwords in URLs are masked."""
        return MASK if self.secret and value else mask_credentials(repr(value))


def setting(
    kind: ValueType[T],
    default: D | DerivedDefault[T],
    meaning: str,
    *,
    unit: str = "",
    secret: bool = False,
    fallback: str | None = None,
    empty_is_value: bool = False,
) -> T | D:
    """Declare a field of ``Settings``; its name in capitals is the name of the setting."""
    given = {
        "kind": kind,
        "default": default,
        "meaning": meaning,
        "unit": unit,
        "secret": secret,
        "fallback": fallback,
        "empty_is_value": empty_is_value,
    }
    return cast("T | D", dataclasses.field(metadata=given))


def schedule_setting(default: str, meaning: str) -> str:
    """Declare a crontab of five fields, UTC; an empty one turns the task off."""
    return setting(
        value_types.crontab(),
        default,
        meaning,
        unit="crontab, UTC; empty: off",
        empty_is_value=True,
    )


def url_setting(default: str | DerivedDefault[str], meaning: str) -> str:
    """Declare the base URL of an upstream."""
    return setting(value_types.base_url(), default, meaning, unit="URL")
