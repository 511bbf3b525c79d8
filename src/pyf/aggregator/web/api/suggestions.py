"""What to say of a name that nothing is known of."""

from __future__ import annotations

from ...errors import NotFound
from ...store import Snapshot
from ..site import Site


def unknown_package(site: Site, name: str, snapshot: Snapshot) -> NotFound:
    """The error for a package without downloads, with names that are written like it."""
    if snapshot.data_through is None:
        return NotFound("no downloads have been loaded yet")
    near = [each for each in similar(site, name) if each != name]
    hint = f"; did you mean {', '.join(near)}?" if near else ""
    return NotFound(f"no downloads are known of {name!r}{hint}")


def similar(site: Site, name: str) -> list[str]:
    """Up to three packages of the followed profiles that are written alike."""
    found: dict[str, None] = {}
    for profile in (site.part(site.active_profiles).value or ())[:3]:
        found |= dict.fromkeys(_alike(site, profile.collection, name))
    return list(found)[:3]


def _alike(site: Site, collection: str, name: str) -> list[str]:
    return site.part(lambda: site.similar(collection, name)).value or []
