"""Made-up releases with what frontends meet: names alike, odd values, several releases."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pyf.aggregator.documents import ProjectFacts, build_document

PLONE_52 = ("Framework :: Plone", "Framework :: Plone :: 5.2")
PLONE_60 = ("Framework :: Plone", "Framework :: Plone :: 6.0")
ADDON = "Framework :: Plone :: Addon"
ODD_AUTHOR = "Doe, Jane (Example & Sons)"
PAGED = 23
"""Projects that only fill pages, named ``demo.page00`` and so on."""


@dataclass(frozen=True)
class Made:
    """A project and its releases, the last one the latest; ``info`` of all of them."""

    name: str
    versions: tuple[str, ...] = ("1.0",)
    classifiers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    info: Mapping[str, Any] = field(default_factory=dict)
    status: str = "active"

    def documents(self, first_day: int) -> Iterator[dict[str, Any]]:
        """Build the releases, a day between them."""
        facts = ProjectFacts(serial=1, latest_version=self.versions[-1], status=self.status)
        for day, version in enumerate(self.versions, first_day):
            classifiers = list(self.classifiers.get(version, ()))
            info = {"name": self.name, "version": version, "classifiers": classifiers, **self.info}
            yield build_document(info, [_file(version, day)], facts).document


def _file(version: str, day: int) -> dict[str, Any]:
    month, of_month = divmod(day, 28)
    return {
        "filename": f"x-{version}.tar.gz",
        "upload_time_iso_8601": f"2025-{month + 1:02}-{of_month + 1:02}T00:00:00.000000Z",
        "size": 1,
        "yanked": version.endswith(".13"),
    }


PROJECTS = (
    Made(
        "plone.api",
        ("1.9.0", "2.0.0", "3.0.0a1", "2.1.0"),
        {
            "1.9.0": PLONE_52,
            "2.0.0": PLONE_52,
            "3.0.0a1": PLONE_60,
            "2.1.0": (*PLONE_60, ADDON, "Programming Language :: Python :: 3.12"),
        },
        {"summary": "A simple way to program a site.", "license": "GPL-2.0-only"},
    ),
    Made(
        "plone.restapi",
        ("8.0", "9.0"),
        {"8.0": PLONE_52, "9.0": (*PLONE_60, "Programming Language :: Python :: 3.13")},
        {"summary": "Serves content as JSON: an API for plone.", "keywords": "rest,api"},
    ),
    Made("plone.apidoc", classifiers={"1.0": PLONE_52}),
    Made("collective.plone.api", info={"summary": "Says nothing about it."}),
    Made("content-notes", info={"description": "Once we called plone.api and the REST API here."}),
    Made("tensorflow"),
    Made("tensorflow1"),
    Made("tensorflow-text", info={"keywords": "tensorflow"}),
    Made("notes-on-tensors", info={"keywords": "tensorflow", "summary": "tensorflow"}),
    Made("mypy", ("0.9", "1.0")),
    Made("mypy1989"),
    Made("types-mypy"),
    Made("aws-cdk.aws-sns", info={"license_expression": "Apache-2.0"}),
    Made("aws-cdk.aws-sns-subscriptions", info={"license_expression": "Apache-2.0"}),
    Made("aws-cdk.core", info={"license_expression": "MIT"}),
    Made("djangorestframework", info={"license_expression": "BSD-3-Clause"}),
    Made("ansi"),
    Made("strip-ansi"),
    Made("ansible"),
    Made(
        "Flask-Form_Tools",
        info={"author": ODD_AUTHOR, "keywords": "form,forms", "license_expression": "MIT"},
    ),
    Made("folder.watch", info={"keywords": "folder", "author": "Doe"}),
    Made("sleeping", status="archived"),
    Made("withdrawn", ("0.12", "0.13")),
    *(Made(f"demo.page{number:02}") for number in range(PAGED)),
)


def documents() -> list[dict[str, Any]]:
    """Return all of them; later projects were released later, all of them in 2025."""
    return [
        document
        for place, project in enumerate(PROJECTS)
        for document in project.documents(place * 5)
    ]


def latest() -> set[str]:
    """Return the names of all projects."""
    return {project.name for project in PROJECTS}
