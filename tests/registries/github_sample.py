"""A sample GitHub in a process of its own, told what to do over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from pyf.aggregator.embedded.process import ServerProcess
from pyf.aggregator.settings import Settings, load_settings

SAMPLE = "pyf.aggregator.samples.github"


class SampleGitHub:
    """A running sample; ``token`` is taken."""

    token = "sample-token"

    def __init__(self, url: str) -> None:
        self.url = url

    def tell(self, action: str, **values: Any) -> Any:
        """Put, rename and remove repositories, set faults and limits."""
        answer = requests.post(f"{self.url}/-/control/{action}", json=values, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def asked(self, *kinds: str) -> int:
        """How many requests there were since ``reset_stats``, of these kinds or of all."""
        stats = requests.get(f"{self.url}/-/control/stats", timeout=30).json()
        return sum(stats["requests"].get(kind, 0) for kind in kinds) if kinds else stats["total"]

    def environment(self, *, token: bool = True) -> dict[str, str]:
        """Settings that lead here."""
        given = {"GITHUB_API_URL": self.url, "GITHUB_REQUEST_DELAY": "0"}
        return given | ({"GITHUB_TOKEN": self.token} if token else {})

    def settings(self, *, token: bool = True, **more: str) -> Settings:
        """The same, read."""
        return load_settings({**self.environment(token=token), **more}, dotenv=None)


@contextmanager
def sample_github(*arguments: str) -> Iterator[SampleGitHub]:
    """Run a sample in which, but for arguments, everything is there under its name."""
    plain = ("--dead", "0", "--renamed", "0", "--token", SampleGitHub.token)
    with ServerProcess(SAMPLE, "--port", "0", *plain, *arguments) as process:
        yield SampleGitHub(process.url)
