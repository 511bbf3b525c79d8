"""What search engines and browsers ask a site for: sitemap, robots.txt, OpenSearch."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote
from xml.etree import ElementTree as ET

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from ..errors import NotFound
from ..index import collections, search_defaults
from ..profile import Profile
from .addresses import package_path, root
from .response_cache import KEEP
from .search.overview import UNFLAGGED
from .site import Site

router = APIRouter(include_in_schema=False)

SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
PART = 10_000
"""Addresses in one file; the standard allows 50,000."""
FRESH = 3600
PAGES = ("/", "/top", "/insights", "/profiles", "/about", "/faqs", "/api/")
PRIVATE = ("/admin", "/dashboard", "/account/", "/api/packages/", "/compare/", "/search/")
"""What crawlers are to leave alone: what is personal, and what has no end."""


@router.get("/sitemap.xml")
def sitemap(request: Request) -> Response:
    """All pages worth finding; an index of parts where there are many."""
    paths = all_paths(request.app.state.site)
    base = root(request)
    parts = -(-len(paths) // PART)
    if parts <= 1:
        return _xml(_url_list("urlset", "url", [base + path for path in paths]))
    addresses = [f"{base}/sitemap-{number}.xml" for number in range(1, parts + 1)]
    return _xml(_url_list("sitemapindex", "sitemap", addresses))


@router.get("/sitemap-{number}.xml")
def part(request: Request, number: str) -> Response:
    """One part of a large sitemap, counted from 1."""
    first = (int(number) - 1) * PART if number.isascii() and number.isdigit() else -1
    paths = all_paths(request.app.state.site)[first : first + PART] if 0 <= first < 10**9 else []
    if not paths:
        raise NotFound("the sitemap has no such part")
    base = root(request)
    return _xml(_url_list("urlset", "url", [base + path for path in paths]))


@router.get("/robots.txt")
def robots(request: Request) -> Response:
    """What crawlers may read, and where the sitemap is."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in PRIVATE)]
    text = "\n".join([*lines, f"Sitemap: {root(request)}/sitemap.xml", ""])
    return Response(text, headers={KEEP: str(FRESH)}, media_type="text/plain")


@router.get("/opensearch.xml")
def opensearch(request: Request) -> Response:
    """How a browser makes the search one of its own."""
    base = root(request)
    top = ET.Element("OpenSearchDescription", xmlns=OPENSEARCH)
    ET.SubElement(top, "ShortName").text = "Packages"
    ET.SubElement(top, "Description").text = "Search for Python packages"
    ET.SubElement(top, "InputEncoding").text = "UTF-8"
    ET.SubElement(top, "Url", type="text/html", template=base + "/?q={searchTerms}")
    return _xml(top, "application/opensearchdescription+xml")


def all_paths(site: Site) -> list[str]:
    """Pages of the site, of followed profiles and of their packages that are not flagged."""
    followed = site.active_profiles()
    names = sorted({name for profile in followed for name in unflagged_names(site, profile)})
    profiles = [f"/profiles/{quote(profile.key, safe='')}" for profile in followed]
    return [*PAGES, *profiles, *map(package_path, names)]


def unflagged_names(site: Site, profile: Profile) -> list[str]:
    """Normalized names of a profile's projects that nothing warns of."""
    target = collections.require(site.search, profile.collection)
    asked = {
        "filter_by": f"{search_defaults.LATEST_FILTER} && {UNFLAGGED}",
        "include_fields": "name_normalized",
    }
    lines = site.search.export(target.collection, asked)
    return [str(orjson.loads(line)["name_normalized"]) for line in lines]


def _url_list(container: str, item: str, addresses: Sequence[str]) -> ET.Element:
    top = ET.Element(container, xmlns=SITEMAP)
    for address in addresses:
        ET.SubElement(ET.SubElement(top, item), "loc").text = address
    return top


def _xml(top: ET.Element, media_type: str = "application/xml") -> Response:
    content = bytes(ET.tostring(top, encoding="utf-8", xml_declaration=True))
    return Response(content, headers={KEEP: str(FRESH)}, media_type=media_type)
