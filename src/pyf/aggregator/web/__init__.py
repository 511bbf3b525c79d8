"""The web application: pages, JSON API, badges, feeds, accounts.

``create_app`` builds it from a ``Site``; ``pyfa web`` and ``pyfa up`` run it.
"""

from __future__ import annotations

from .app import create_app
from .site import Site

__all__ = ["Site", "create_app"]
