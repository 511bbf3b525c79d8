"""All parts together: a release is published, queued, fetched and found."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pyf.aggregator.embedded.stack import control
from pyf.aggregator.embedded.stack.service_definitions import SERVICE_NAMES
from pyf.aggregator.index import SearchServer
from pyf.aggregator.running_stack.broker import local_redis_url
from pyf.aggregator.settings import SETTINGS, load_settings

from ...stack import CLASSIFIER, QUICK, Sample, sample_pypi
from .driving import until

PYFA = [sys.executable, "-m", "pyf.aggregator.cli.main"]
FREE = ("--search-port", "0", "--redis-port", "0", "--store-port", "0")
QUEUE = "from pyf.aggregator.queue import inspect_project; inspect_project.delay({!r})"
NO_SCHEDULE = {s.name: "" for s in SETTINGS if s.name.startswith("CELERY_SCHEDULE_")}
pytestmark = pytest.mark.slow


class Place:
    """A folder with a stack in it, and a sample PyPI."""

    def __init__(self, folder: Path, pypi: Sample) -> None:
        self.data, self.pypi = folder / "data", pypi
        where = {"PYPI_URL": pypi.url, "PYF_DATA_DIR": str(self.data), "HOME": str(folder)}
        self.environment = {"PATH": os.environ["PATH"], **where, **QUICK, **NO_SCHEDULE}
        self.folder = folder

    def run(self, *command: str, **environment: str) -> str:
        """Run a command that must succeed; what it says."""
        done = subprocess.run(
            command,
            env={**self.environment, **environment},
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def pids(self) -> dict[str, int]:
        """The services that are up."""
        state = control.stack_status(self.data)
        services = state.services if state else ()
        return {item.name: item.pid or 0 for item in services if item.state == "up"}

    def publish(self, version: str) -> None:
        """Publish a release, and queue its project from outside of the stack."""
        self.pypi.tell("publish", name="brand.new", version=version, classifiers=[CLASSIFIER])
        url = str(local_redis_url(self.data))
        self.run(sys.executable, "-c", QUEUE.format("brand.new"), REDIS_HOST=url)

    def found(self, version: str) -> bool:
        """Whether the release is in the index."""
        server = SearchServer.from_settings(
            load_settings({"PYF_DATA_DIR": str(self.data)}, dotenv=None)
        )
        parameters = {"q": "brand.new", "query_by": "name", "filter_by": f"version:={version}"}
        answer = server.call(lambda c: c.collections["plone"].documents.search(parameters))
        return bool(answer["found"])


def test_a_release_is_found_and_survives_the_worker_and_the_stack(tmp_path: Path):
    with sample_pypi(projects=40, share=0.2) as pypi:
        place = Place(tmp_path, pypi)
        place.run(*PYFA, "up", "-d", *FREE)
        try:
            assert set(place.pids()) == set(SERVICE_NAMES)
            place.run(*PYFA, "pypi", "-f", "-p", "plone")
            place.publish("1.0")
            until(lambda: place.found("1.0"))

            os.kill(place.pids()["worker"], signal.SIGKILL)
            place.publish("2.0")
            until(lambda: place.found("2.0"), within=60)
            assert set(place.pids()) == set(SERVICE_NAMES)

            # What waits in the queue when the stack ends is done when it starts again.
            place.run(*PYFA, "down")
            place.run(*PYFA, "up", "-d", "--only", "search,redis", *FREE)
            place.publish("3.0")
            place.run(*PYFA, "down")
            place.run(*PYFA, "up", "-d", *FREE)
            until(lambda: place.found("3.0"), within=60)
        finally:
            place.run(*PYFA, "down")
    logs = "".join(path.read_text() for path in (place.data / "logs").iterdir())
    keys = [(place.data / name).read_text().strip() for name in ("admin.key", "redis.key")]
    assert [key for key in keys if key in logs] == []
