"""A package index for demo, tests and benchmarks, on this machine alone.

It speaks what the real index speaks: Simple API, JSON API, RSS and XML-RPC, with serials and
a journal; it can be changed while it runs, and it can be made to fail.
"""

from __future__ import annotations

from .control import Control
from .options import Faults, SampleOptions
from .upstreams import Upstreams, UpstreamsProcess

__all__ = ["Control", "Faults", "SampleOptions", "Upstreams", "UpstreamsProcess"]
