"""The packages that somebody seems to maintain, by what the packages say themselves."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

import orjson

from ...index import collections
from ..site import Site, TTLCache

MOST = 24
AGE = 900.0
"""Seconds for which the owners of a profile's packages are not asked for again."""
FIELDS = "name_normalized,github_url,author,maintainer"


class OwnedPackages:
    """Who owns which packages of the followed profiles: GitHub owners, authors, maintainers."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lately: TTLCache[str, Mapping[str, frozenset[str]]] = TTLCache(self._read, AGE)

    def packages(self, login: str, without: Iterable[str]) -> list[str]:
        """Packages of which this login is an owner, other than ``without``; at most some."""
        found: set[str] = set()
        for profile in self._site.active_profiles():
            found |= self._lately.get(profile.collection).get(login.casefold(), frozenset())
        return sorted(found - set(without))[:MOST]

    def _read(self, collection: str) -> Mapping[str, frozenset[str]]:
        target = collections.require(self._site.search, collection)
        wanted = {"filter_by": "is_latest:true", "include_fields": FIELDS}
        owned: defaultdict[str, set[str]] = defaultdict(set)
        for line in self._site.search.export(target.collection, wanted):
            document = orjson.loads(line)
            for owner in owners_of(document):
                owned[owner].add(str(document["name_normalized"]))
        return {owner: frozenset(names) for owner, names in owned.items()}


def owners_of(document: Mapping[str, object]) -> set[str]:
    """Logins and names that a document gives as its owners, in small letters. Pure."""
    found = {github_owner(str(document.get("github_url") or ""))}
    for field in ("author", "maintainer"):
        found |= {name.strip() for name in re.split("[,;]", str(document.get(field) or ""))}
    return {owner.casefold() for owner in found if owner}


def github_owner(address: str) -> str:
    """The owner in the address of a repository; empty for what is none. Pure."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    owner, _, repository = parts.path.strip("/").partition("/")
    is_one = parts.scheme in ("http", "https") and repository
    return owner if is_one else ""
