"""An answer of each route and a value of each parameter, for the documentation. Pure data.

Tests hold the answers to the shapes that the OpenAPI document declares.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PARAMETERS: Mapping[str, Any] = {
    "package": "flask",
    "period": "month",
    "mirrors": "false",
    "version": "3.12",
    "os": "Linux",
    "name": "flask",
    "code": "DE",
    "start": "2026-10-01",
    "end": "2026-10-31",
    "bucket": "day",
    "profile": "flask",
    "direction": "rising",
    "limit": 20,
    "offset": 0,
    "kind": "rising",
}
"""Values of parameters that do not bring one themselves."""

THROUGH = "2026-10-31"
META: Mapping[str, Any] = {
    "data_through": THROUGH,
    "loaded_at": "2026-11-01T02:10:00Z",
    "counted": "downloads without known mirrors and unknown installers, UTC days",
}
PACKAGE: Mapping[str, Any] = {
    "package": "flask",
    "name": "Flask",
    "profiles": ["flask"],
    "facts": {
        "license": "BSD-3-Clause",
        "name": "Flask",
        "requires_python": ">=3.9",
        "summary": "A simple framework for building complex web applications.",
        "version": "3.1.2",
    },
    "health": {
        "score": 91,
        "formula": 2,
        "calculated": "2026-11-01T03:00:00Z",
        "breakdown": {"recency": {"points": 40, "problems": [], "bonuses": []}},
    },
    "advisories": [],
    "releases": [{"version": "3.1.2", "is_latest": True, "upload_timestamp": 1755600000}],
    "catalog": {
        "latest": "3.1.2",
        "releases": 60,
        "summary": "A simple framework for building complex web applications.",
        "author": "",
        "classifiers": ["Framework :: Flask"],
        "project_urls": {"Documentation": "https://flask.example/"},
        "status": "active",
        "first_upload": 1271400000,
        "last_upload": 1755600000,
        "gone": False,
        "serial": 31412345,
    },
    "downloads": {
        "last_day": 6399553,
        "last_week": 39375127,
        "last_month": 157236987,
        "total": 912345678,
        "total_with_mirrors": 915432109,
        "since": "2026-05-05",
        "rank": 96,
        "of": 702345,
        "percentile": 99.99,
        "growth": 0.04,
        "momentum": 0.06,
        "shares": {
            "python_minor": [{"category": "3.12", "downloads": 41234567, "share": 0.26}],
        },
    },
    "missing": [],
    "links": {"self": "/api/packages/flask", "page": "/packages/flask"},
    "meta": META,
}


def series(kind: str, category: str, downloads: int) -> dict[str, Any]:
    """Two days of a series."""
    rows = [
        {"category": category, "date": "2026-10-30", "downloads": downloads - 4321},
        {"category": category, "date": THROUGH, "downloads": downloads},
    ]
    return {"data": rows, "package": "flask", "type": f"{kind}_downloads"}


ANSWERS: Mapping[str, Mapping[str, Any]] = {
    "/api/packages/{package}": PACKAGE,
    "/api/packages/{package}/recent": {
        "data": {"last_day": 6399553, "last_month": 157236987, "last_week": 39375127},
        "package": "flask",
        "type": "recent_downloads",
    },
    "/api/packages/{package}/overall": series("overall", "without_mirrors", 6399553),
    "/api/packages/{package}/python_major": series("python_major", "3", 6299553),
    "/api/packages/{package}/python_minor": series("python_minor", "3.12", 1641234),
    "/api/packages/{package}/system": series("system", "Linux", 5641234),
    "/api/packages/{package}/installer": series("installer", "pip", 4841234),
    "/api/packages/{package}/country": series("country", "DE", 341234),
    "/api/packages/{package}/version": series("version", "3.1.2", 1941234),
    "/api/recent": {
        "data": [
            {
                "package": "flask",
                "last_day": 6399553,
                "last_week": 39375127,
                "last_month": 157236987,
                "total": 912345678,
                "rank": 96,
                "momentum": 0.06,
            }
        ],
        "meta": {**META, "unknown": ["requets"]},
    },
    "/api/top": {
        "data": [{"rank": 1, "package": "boto3", "downloads": 1880218825}],
        "meta": {
            **META,
            "period": "month",
            "profile": None,
            "start": "2026-10-02",
            "end": THROUGH,
            "complete": True,
            "of": 702345,
        },
    },
    "/api/momentum": {
        "data": [
            {
                "package": "httpx",
                "current": 412345,
                "previous": 201234,
                "growth": 1.05,
                "momentum": 0.99,
            }
        ],
        "meta": {
            **META,
            "period": "month",
            "profile": None,
            "direction": "rising",
            "days_compared": 28,
            "of": 312345,
        },
    },
    "/api/compare": {
        "data": [
            {"date": "2026-10-30", "flask": 6395232, "django": None},
            {"date": THROUGH, "flask": 6399553, "django": 1234567},
        ],
        "meta": {
            **META,
            "packages": ["flask", "django"],
            "totals": {"flask": 12794785, "django": 1234567},
        },
    },
    "/api/profiles": {
        "data": [
            {
                "key": "flask",
                "name": "Flask",
                "description": "",
                "classifiers": ["Framework :: Flask"],
                "collection": "flask",
                "followed": True,
                "releases": 12345,
                "page": "/profiles/flask",
            }
        ],
        "missing": [],
    },
    "/api/insights/{kind}": {
        "data": [
            {
                "place": 1,
                "package": "flask-forms",
                "health_score": 83,
                "last_month": 41234,
                "momentum": 0.9,
                "stars": 120,
                "open_issues": 7,
                "last_release": "2026-09-05",
                "calculated": "2026-11-01T03:00:00Z",
            }
        ],
        "meta": {"kind": "rising", "profile": None, "calculated": "2026-11-01T03:00:00Z"},
    },
    "/api/search": {
        "data": [
            {
                "name": "Flask-Forms",
                "name_normalized": "flask-forms",
                "version": "2.0",
                "summary": "Forms for small sites",
                "license": "MIT",
                "upload_timestamp": 1788600000,
                "download_last_month": 41234,
                "health_score": 83,
                "github_stars": 120,
                "is_vulnerable": False,
                "flags": [],
                "insights": ["rising"],
                "highlight": {
                    "name": "Flask-<mark>Forms</mark>",
                    "summary": "<mark>Forms</mark> for small sites",
                },
                "page": "/packages/flask-forms",
            }
        ],
        "facets": {"license": [{"value": "MIT", "count": 1, "chosen": False}]},
        "meta": {
            "profile": "flask",
            "found": 1,
            "hidden": 0,
            "page": 1,
            "pages": 1,
            "per_page": 20,
            "sort": "relevance",
        },
        "links": {"self": "/api/search?q=forms&page=1"},
    },
}
PROBLEM: Mapping[str, Any] = {
    "type": "about:blank",
    "title": "Not Found",
    "status": 404,
    "detail": "no downloads are known of 'requets'; did you mean requests?",
    "instance": "/api/packages/requets/recent",
}
