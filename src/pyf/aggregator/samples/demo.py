"""The demo stack: sample PyPI, search server, one profile aggregated between them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ..embedded.process import ServerProcess
from ..index import SearchServer, search_defaults
from ..index.keys import create_search_key
from ..index.nodes import ADMIN_KEY
from ..ingest.cursor import SinceFile
from ..ingest.fetch_collection import FetchOptions, aggregate
from ..ingest.fetch_result import FetchResult
from ..profiles import load_profiles
from ..settings import load_settings
from ..settings.value_types import nodes

if TYPE_CHECKING:
    from .demo_site import DemoSite

SEARCH = "pyf.aggregator.embedded.search"
UPSTREAMS = "pyf.aggregator.samples.pypi"
FRAMEWORK_SHARE = 0.05
"""Share of the sample projects that belong to the profile, enough to have something to find."""


class Demo:
    """Starts both servers on free ports; everything lies in ``folder`` and goes with it.

    With ``web_port`` there is a site, too.
    """

    def __init__(
        self, folder: Path, profile: str, projects: int, web_port: int | None = None
    ) -> None:
        self._folder = folder
        self._projects = projects
        self._web_port = web_port
        self.site: DemoSite | None = None
        self._stack = ExitStack()
        self.profile = load_profiles(load_settings()).get(profile)

    def __enter__(self) -> Self:
        family = min(self.profile.classifiers, key=len, default="Framework :: Plone")
        try:
            # Its key stands in the folder: among the arguments everybody could read it.
            search = self._start(SEARCH, "--data-dir", str(self._folder))
            self._key = (self._folder / ADMIN_KEY).read_text("ascii").strip()
            size = ("--projects", str(self._projects), "--share", str(FRAMEWORK_SHARE))
            upstreams = self._start(UPSTREAMS, *size, "--framework", family)
            self.server = SearchServer(nodes().parse(search.url), self._key)
            if self._web_port is not None:
                self.site = self._start_site(self._web_port)
        except BaseException:
            self._stack.close()
            raise
        self.search_url, self.pypi_url = search.url, upstreams.url
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def aggregate(self, report: Callable[[FetchResult, int], None]) -> FetchResult:
        """Bring the profile's projects into the search server."""
        settings = load_settings(
            {"PYPI_URL": self.pypi_url, "PYF_DATA_DIR": str(self._folder)}, dotenv=None
        )
        since = SinceFile(self._folder / "since")
        return aggregate(
            settings, self.server, FetchOptions(self.profile, "full", since, report=report)
        )

    def search_key(self) -> str:
        """Make a search-only key and return its value."""
        return create_search_key(self.server, self.profile.collection).value

    def search(self, key: str, query: str) -> tuple[int, list[dict[str, Any]]]:
        """Search as a frontend does; return how many projects there are and the first five."""
        usual = {
            **search_defaults.search_parameters(),
            "sort_by": search_defaults.exact_name_first(query),
        }
        parameters = {**usual, "q": query, "per_page": 5}
        frontend = SearchServer(self.server.nodes, key)
        name = self.profile.collection
        answer = frontend.call(lambda client: client.collections[name].documents.search(parameters))
        return int(answer["found"]), [hit["document"] for hit in answer["hits"]]

    def commands(self, key: str) -> list[str]:
        """Commands that work while the stack runs."""
        name = self.profile.collection
        environment = (
            f"TYPESENSE_HOST=127.0.0.1 TYPESENSE_PORT={self.server.nodes[0].port} "
            f"TYPESENSE_API_KEY={self._key} PYPI_URL={self.pypi_url}"
        )
        address = f"{self.search_url}/collections/{name}/documents/search"
        searched = ",".join(field.name for field in search_defaults.SEARCH_FIELDS)
        return [
            f"export {environment}",
            f"pyfa pypi -i -p {self.profile.key} -s {self._folder / 'since'}",
            f"curl -H 'X-TYPESENSE-API-KEY: {key}' "
            f"'{address}?q=form&query_by={searched}&filter_by={search_defaults.LATEST_FILTER}'",
            f"curl {self.pypi_url}/-/control/stats",
        ]

    def _start_site(self, port: int) -> DemoSite:
        from .demo_site import DemoSite  # what it needs is not installed everywhere

        folder = self._folder / "site"
        return DemoSite(self._stack, folder, self.server, self.profile, port)

    def _start(self, module: str, *arguments: str) -> ServerProcess:
        server = ServerProcess(module, "--port", "0", *arguments)
        self._stack.callback(server.stop)
        return server
