"""A site with accounts beside the one without: same servers, a small GitHub, an administrator."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from pyf.aggregator.embedded.process import ServerProcess

from .oauth_server import CLIENT, SECRET, Hub, hub

ADMIN = "Boss"
OURS = {"Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
numbers = itertools.count(100)


@dataclass
class Members:
    """The site: where it is, its GitHub and its data folder."""

    url: str
    hub: Hub
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def browser(self) -> Browser:
        """Somebody who is not signed in."""
        return Browser(self)

    def signed_in(self, login: str = "ada", number: int | None = None) -> Browser:
        """Somebody new who is signed in."""
        self.hub.number, self.hub.login = number or next(numbers), login
        browser = Browser(self)
        answer = browser.get("/account/sign-in")
        assert answer.status_code == 200, answer.text
        return browser


class Browser:
    """Keeps cookies, as browsers do."""

    def __init__(self, members: Members) -> None:
        self.members = members
        self.session = requests.Session()

    def get(self, path: str, **more: Any) -> requests.Response:
        """Open a page."""
        headers = {"Accept": "text/html"}
        return self.session.get(self.members.url + path, headers=headers, timeout=30, **more)

    def post(self, path: str, **form: Any) -> requests.Response:
        """Send a form that stands on the site."""
        url = self.members.url + path
        return self.session.post(url, form, headers=OURS, timeout=30, allow_redirects=False)


@contextmanager
def members_of(environment: Mapping[str, str], folder: Path) -> Iterator[Members]:
    """Run a site with accounts."""
    with hub() as memory:
        memory.emails = [{"email": "ada@people.example", "primary": True, "verified": True}]
        told = {
            **environment,
            "PYF_DATA_DIR": str(folder),
            "GITHUB_CLIENT_ID": CLIENT,
            "GITHUB_CLIENT_SECRET": SECRET,
            "GITHUB_URL": memory.url,
            "GITHUB_API_URL": memory.url,
            "WEB_ADMINS": f"someone, {ADMIN}",
            "WEB_WEBHOOK_HOSTS": "hooks.example",
            "SMTP_HOST": "127.0.0.1",
        }
        with ServerProcess("pyf.aggregator.web", "--port", "0", environment=told) as process:
            yield Members(process.url, memory, folder, told)
