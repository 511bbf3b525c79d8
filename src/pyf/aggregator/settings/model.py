"""All settings of a process: the groups together, and the table made of them.

Reading them is ``load.py``; ``example.env`` and ``docs/settings.md`` are generated from here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from .declarations import MASK, DerivedDefault, Setting, setting
from .enrich import EnrichSettings
from .index import IndexSettings
from .store import StoreSettings
from .value_types import Node
from .web import WebSettings

__all__ = ["MASK", "SETTINGS", "DerivedDefault", "Setting", "Settings", "setting"]


# Dataclasses take over the fields of the last base first: the groups are listed backwards.
@dataclass(frozen=True, repr=False)
class Settings(WebSettings, EnrichSettings, StoreSettings, IndexSettings):
    """The settings of one process; made by ``load_settings`` and passed down."""

    origins: Mapping[str, str] = dataclasses.field(default_factory=dict, compare=False)

    @property
    def redis_url(self) -> str:
        """``redis_host`` as a URL, whichever way it was written."""
        if self.redis_host.startswith("unix://"):
            return self.redis_host
        text = self.redis_host if "://" in self.redis_host else f"redis://{self.redis_host}"
        parts = urlsplit(text)
        netloc = parts.netloc if parts.port else f"{parts.netloc.rstrip(':')}:6379"
        return parts._replace(netloc=netloc, path=parts.path.rstrip("/") or "/0").geturl()

    @property
    def search_nodes(self) -> tuple[Node, ...]:
        """The nodes of the search server: the cluster's, or the single one."""
        single = Node(self.typesense_host.strip("[]"), self.typesense_port, self.typesense_protocol)
        return self.typesense_nodes or (single,)

    def origin(self, name: str) -> str:
        """Where a setting's value comes from: ``environment``, ``.env`` or ``default``."""
        return self.origins.get(_check_setting_name(name), "default")

    def is_set(self, name: str) -> bool:
        """Whether somebody set it, in the environment or in ``.env``."""
        return self.origin(name) != "default"

    def __repr__(self) -> str:
        pairs = (f"{s.attribute}={s.masked_repr(getattr(self, s.attribute))}" for s in SETTINGS)
        return f"Settings({', '.join(pairs)})"


SETTINGS: tuple[Setting, ...] = tuple(
    Setting(name=field.name.upper(), **field.metadata)
    for field in dataclasses.fields(Settings)
    if field.metadata
)
_NAMES = frozenset(setting.name for setting in SETTINGS)


def _check_setting_name(name: str) -> str:
    """Guard against a misspelt name in code, which would otherwise read as 'not set'."""
    if name.upper() not in _NAMES:
        raise KeyError(name)
    return name.upper()
