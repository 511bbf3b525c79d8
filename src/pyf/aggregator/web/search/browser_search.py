"""What a browser needs to ask the search server itself: its address and a search-only key."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from dataclasses import dataclass

from ...errors import AggregatorError, ServiceRefused
from ...index import search_defaults
from ...index.keys import create_search_key
from ...running_stack.secret_files import load_or_create_secret
from ..site import Site
from .results import MOST_VALUES
from .search_request import CURRENT, FACETS, PER_PAGE, PUT_AWAY, SORTS

log = logging.getLogger(__name__)

OWN_FILE = "web-search.secret"
_made: set[str] = set()


@dataclass(frozen=True)
class BrowserSearch:
    """Address, collection and key."""

    url: str
    collection: str
    key: str


def direct(site: Site, collection: str) -> BrowserSearch | None:
    """How a browser may search a collection; ``None`` where it has to ask through this site."""
    url = site.browser_search_url
    if url is None:
        return None
    try:
        key = site.settings.web_search_key or _own_key(site, collection)
    except AggregatorError as error:
        log.warning("browsers search through this site: %s", error)
        return None
    return BrowserSearch(url, collection, key)


def configuration(found: BrowserSearch) -> str:
    """Everything the script of the search page needs, as JSON."""
    return json.dumps(
        {
            "url": found.url,
            "collection": found.collection,
            "key": found.key,
            "parameters": {**search_defaults.search_parameters(), "max_facet_values": MOST_VALUES},
            "sorts": {name: search_defaults.SORT_ORDERS[name] for name in SORTS},
            "newest": search_defaults.LATEST_FILTER,
            "current": CURRENT,
            "putAway": PUT_AWAY,
            "perPage": PER_PAGE,
            "facets": [
                {
                    "name": facet.name,
                    "field": facet.field,
                    "facetBy": facet.facet_by,
                    "label": facet.label,
                    "shown": facet.shown,
                    "versions": facet.versions,
                    "ranges": {label: [low, high - 1] for label, low, high in facet.ranges},
                }
                for facet in FACETS
            ],
        }
    )


def _own_key(site: Site, collection: str) -> str:
    """A key for this collection alone; the same for every process with the same data folder."""
    secret = site.settings.web_secret or load_or_create_secret(
        site.settings.pyf_data_dir / OWN_FILE
    )
    value = hmac.new(secret.encode(), f"search {collection}".encode(), hashlib.sha256).hexdigest()
    if value not in _made:
        try:
            create_search_key(site.search, collection, value=value[:40], note=" (web)")
        except ServiceRefused as error:
            if "of this value already" not in str(error):
                raise
        _made.add(value)
    return value[:40]
