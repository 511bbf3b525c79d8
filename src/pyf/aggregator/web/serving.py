"""Runs the application: one process, or several that share the port."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import requests
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from ..serving import address_of, listen, serve, uvicorn_config
from ..settings import Settings, load_settings
from .app import create_app
from .site import Site

APPLICATION = f"{__name__}:application"
START_WITHIN_S = 60.0


def application() -> FastAPI:
    """Build the application from the environment, as each worker process does.

    For gunicorn: ``gunicorn -k uvicorn.workers.UvicornWorker
    'pyf.aggregator.web.serving:application()'``.
    """
    return create_app(Site(load_settings()))


def run(
    settings: Settings, host: str, port: int, workers: int, ready: Callable[[str], None]
) -> None:
    """Serve until SIGTERM or SIGINT; ``ready`` is called with the address once it answers.

    Several workers read their settings from the environment themselves.
    """
    listener = listen(host, port)
    url = address_of(host, listener)
    if workers == 1:
        app = create_app(Site(settings))
        serve(uvicorn_config(app), listener, lambda: ready(url))
        return
    threading.Thread(target=_announce, args=(url, ready), daemon=True).start()
    Multiprocess(uvicorn_config(APPLICATION, factory=True, workers=workers), [listener]).run()


def _announce(url: str, ready: Callable[[str], None]) -> None:
    end = time.monotonic() + START_WITHIN_S
    while time.monotonic() < end:
        try:
            requests.get(f"{url}/health", timeout=5)
        except requests.RequestException:
            time.sleep(0.1)
        else:
            ready(url)
            return
