"""The site of the demo: a store, a sample GitHub and the web application beside its servers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..embedded.process import ServerProcess
from ..embedded.store.users import ADMIN, READER, load_users
from ..enrich import github
from ..enrich.downloads import DownloadsOptions as WantedDownloads
from ..enrich.downloads import enrich_downloads
from ..enrich.github_report import ProblemReport
from ..enrich.health import HealthOptions as WantedHealth
from ..enrich.health import enrich_health
from ..enrich.security import SecurityOptions as WantedSecurity
from ..enrich.security import enrich_security
from ..errors import AggregatorError
from ..index import SearchServer, collections
from ..profile import Profile
from ..settings import load_settings
from ..store import open_store
from ..store.location import DATABASE
from .demo_facts import ProjectReleases, load_advisories, load_downloads

STORE = "pyf.aggregator.embedded.store"
GITHUB = "pyf.aggregator.samples.github"
WEB = "pyf.aggregator.web"
UNSET_SETTINGS = (
    "CLICKHOUSE_READONLY_URL",
    "GITHUB_CLIENT_ID",
    "REDIS_HOST",
    "WEB_SEARCH_URL",
    "WEB_URL",
)
"""Settings of a real site, which the demo's does without."""

ReportProgress = Callable[[str, int, int], None]
"""Called with what is done, how much of it, and how much there is."""


class NotInstalled(AggregatorError):
    """What the site is made of is not installed."""

    def __init__(self, missing: str) -> None:
        super().__init__(f"the site needs {missing}: pip install 'pyf.aggregator[local]'")


class DemoSite:
    """Starts what the site needs; ``url`` is where it answers, ``stack`` ends it all."""

    def __init__(
        self, stack: ExitStack, folder: Path, server: SearchServer, profile: Profile, port: int
    ) -> None:
        for needed in ("chdb", "fastapi"):
            if find_spec(needed) is None:
                raise NotInstalled(needed)
        folder.mkdir()
        self._stack, self._server, self._profile = stack, server, profile
        shared = self._shared_environment(folder)
        store = self._start_server(STORE, "--port", "0", "--data-dir", str(folder))
        users, at = load_users(folder), f"{store.removeprefix('http://')}/{DATABASE}"
        own = {
            "CLICKHOUSE_URL": f"http://{ADMIN}:{users.admin}@{at}",
            "GITHUB_API_URL": self._start_server(GITHUB, "--port", "0"),
            "GITHUB_TOKEN": "sample",
            "GITHUB_REQUEST_DELAY": "0",
        }
        self._settings = load_settings({**shared, **own}, dotenv=None)
        # The tables are there before anybody reads them.
        open_store(self._settings, readonly=False).close()
        reading = {"CLICKHOUSE_URL": f"http://{READER}:{users.reader}@{at}"}
        told = {**dict.fromkeys(UNSET_SETTINGS, ""), **_profiles_file(), **shared, **reading}
        # In a folder without .env: a real site's settings are not for this one.
        self.url = self._start_server(WEB, "--port", str(port), environment=told, folder=folder)

    def _start_server(self, module: str, *arguments: str, **more: Any) -> str:
        server = ServerProcess(module, *arguments, **more)
        self._stack.callback(server.stop)
        return server.url

    def _shared_environment(self, folder: Path) -> dict[str, str]:
        node = self._server.nodes[0]
        return {
            "PYF_DATA_DIR": str(folder),
            "TYPESENSE_NODES": f"{node.host}:{node.port}:{node.protocol}",
            "TYPESENSE_API_KEY": self._server.key,
            "DEFAULT_PROFILE": self._profile.key,
        }

    def load_facts(self, report: ReportProgress) -> None:
        """Bring downloads of half a year and all facts about the projects of the profile."""
        now = dt.datetime.now(dt.UTC)
        name = self._profile.collection
        projects = _projects(self._server, name)
        with open_store(self._settings, readonly=False) as store:
            yesterday = now.date() - dt.timedelta(1)
            load_downloads(
                store, projects, yesterday, lambda done, of: report("days of downloads", done, of)
            )
            load_advisories(store, projects, now)
            with ProblemReport(None, name) as problems:
                order = github.GitHubOptions(name, contributors=0, report=report)
                github.enrich_github(self._settings, self._server, store, order, problems)
            enrich_security(store, self._server, WantedSecurity(name))
        enrich_downloads(self._settings, self._server, WantedDownloads(name, ask_api=False))
        enrich_health(self._settings, self._server, WantedHealth(name))


def _projects(server: SearchServer, collection: str) -> list[ProjectReleases]:
    """The projects of a collection with their releases."""
    fields = ("name_normalized", "version", "upload_timestamp")
    found: dict[str, list[tuple[int, str]]] = {}
    for document in collections.documents(server, collection, "pypi", *fields):
        release = int(document.get("upload_timestamp") or 0), str(document["version"])
        found.setdefault(str(document["name_normalized"]), []).append(release)
    return [
        ProjectReleases(
            name, tuple((_day(moment), version) for moment, version in sorted(releases))
        )
        for name, releases in sorted(found.items())
    ]


def _day(moment: int) -> dt.date:
    return dt.datetime.fromtimestamp(moment, dt.UTC).date()


def _profiles_file() -> dict[str, str]:
    own = load_settings().pyf_profiles
    return {"PYF_PROFILES": str(Path(own).resolve())} if own else {}
