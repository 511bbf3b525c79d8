"""The one-machine stack: its services in one supervised process tree.

``parts`` declares them, ``supervisor`` keeps them running, ``control`` is what commands call.
"""

from __future__ import annotations

from .broker import with_broker
from .redis import local_redis_url

__all__ = ["local_redis_url", "with_broker"]
