"""Everything the site knows of one package, from index and store, each part by itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from ..errors import NotFound
from ..index import filters
from ..profile import Profile
from ..store import catalog, queries
from .document_view import DocumentField, DocumentView
from .site import PagePart, Site

RELEASES_SHOWN = 250
HEAVY = "description,main_content,first_chapter,changelog"
"""Fields that the facts of a package leave out; the README has its own page."""
RELEASE_FIELDS = (
    "version,upload_timestamp,yanked,yanked_reason,requires_python,is_prerelease,is_latest,"
    "is_vulnerable,files_size,framework_versions"
)
CUTS: tuple[tuple[queries.Dimension, str], ...] = (
    ("python_minor", "Python version"),
    ("system", "Operating system"),
    ("installer", "Installer"),
    ("version", "Package version"),
    ("country", "Country"),
)
MOST_SHARES = 8
ASKING = ThreadPoolExecutor(8, "asking")
"""Threads that ask index and store what a page needs at the same time."""


@dataclass(frozen=True)
class ReleaseDocument(DocumentView):
    """One release as the index has it; fields that are unknown are ``None``."""

    @property
    def day(self) -> date | None:
        """The UTC day of its first upload."""
        seconds = self.upload_timestamp
        return datetime.fromtimestamp(seconds, UTC).date() if seconds else None


@dataclass(frozen=True)
class IndexedPackage(DocumentView):
    """What the index has: the latest release, all of them, the profiles the package is in."""

    releases: tuple[ReleaseDocument, ...]
    profiles: tuple[Profile, ...]

    summary = DocumentField[str]()


@dataclass(frozen=True)
class PackageFacts:
    """A package: its name as published where that is known, and what is known of it."""

    name: str
    normalized: str
    indexed: PagePart[IndexedPackage | None]
    listed: PagePart[catalog.CatalogProject | None]
    downloads: PagePart[queries.PackageStats | None]

    @property
    def is_known(self) -> bool:
        """Whether anything is known of it."""
        return any(part.value is not None for part in (self.indexed, self.listed, self.downloads))

    @property
    def is_certain(self) -> bool:
        """Whether every part answered, so that what is missing is not there."""
        return all(part.there for part in (self.indexed, self.listed, self.downloads))


def load_package(site: Site, name: str) -> PackageFacts:
    """Gather what is known; raises NotFound where all parts answered and none knows the name."""
    # Most of a question's time is its way there and back; they do not wait for one another.
    indexing = ASKING.submit(site.part, lambda: read_index(site, name))
    listing = ASKING.submit(site.part, lambda: catalog.projects(site.store, [name]).get(name))
    downloads = site.part(lambda: read_store(site, name))
    indexed, listed = indexing.result(), listing.result()
    found = PackageFacts(_display(name, indexed, listed), name, indexed, listed, downloads)
    if not found.is_known and found.is_certain:
        raise NotFound(f"no package {name!r} is known here")
    return found


def read_index(site: Site, name: str) -> IndexedPackage | None:
    """The package's documents in the collections of all followed profiles."""
    followed = site.active_profiles()
    if not followed:
        return None
    searches = [_latest(profile, name) for profile in followed]
    answer = site.search.call(
        lambda client: client.multi_search.perform({"searches": searches}, {})
    )
    pairs = [
        (profile, result["hits"][0]["document"])
        for profile, result in zip(followed, answer["results"], strict=True)
        if result.get("hits")
    ]
    if not pairs:
        return None
    profile, document = pairs[0]
    return IndexedPackage(
        document, _releases(site, profile, name), tuple(pair[0] for pair in pairs)
    )


def read_store(site: Site, name: str) -> queries.PackageStats | None:
    """Every figure of the package, all of the same load; ``None`` without any download."""
    dimensions = [dimension for dimension, _ in CUTS]
    found = queries.package_stats(
        site.store, name, dimensions, site.stats_context(), limit=MOST_SHARES
    )
    return found if found.has_data else None


def _latest(profile: Profile, name: str) -> dict[str, Any]:
    return {
        "collection": profile.collection,
        "q": "*",
        "filter_by": f"{filters.equals('name_normalized', name)} && is_latest:true",
        "exclude_fields": HEAVY,
        "per_page": 1,
    }


def _releases(site: Site, profile: Profile, name: str) -> tuple[ReleaseDocument, ...]:
    asked = {
        "q": "*",
        "filter_by": filters.equals("name_normalized", name),
        "sort_by": "version_sortable:desc",
        "include_fields": RELEASE_FIELDS,
        "per_page": RELEASES_SHOWN,
    }
    return tuple(map(ReleaseDocument, site.documents(profile, asked)))


def _display(
    name: str,
    indexed: PagePart[IndexedPackage | None],
    listed: PagePart[catalog.CatalogProject | None],
) -> str:
    if indexed.value is not None:
        return str(indexed.value.document["name"])
    return listed.value.display_name if listed.value is not None else name
