"""How busy the server was during the last seconds, for ``/stats.json`` and ``/metrics.json``."""

from __future__ import annotations

import os
import resource
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

WINDOW_S = 10.0
KINDS = ("search", "import", "write", "delete")
KIB = 1024


class ServerStats:
    """Remembers the requests of the last ten seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: deque[tuple[float, str, str, float]] = deque(maxlen=100_000)
        self._lock = threading.Lock()

    def count(self, kind: str, route: str, seconds: float) -> None:
        with self._lock:
            self._seen.append((self._clock(), kind, route, seconds * 1000))

    def as_json(self) -> dict[str, object]:
        since = self._clock() - WINDOW_S
        with self._lock:
            recent = [one for one in self._seen if one[0] >= since]
        shown: dict[str, object] = {
            "latency_ms": _means([(route, ms) for _, _, route, ms in recent]),
            "requests_per_second": _rates([route for _, _, route, _ in recent]),
            "total_requests_per_second": len(recent) / WINDOW_S,
            "pending_write_batches": 0,
        }
        for kind in KINDS:
            times = [ms for _, its_kind, _, ms in recent if its_kind == kind]
            shown[f"{kind}_latency_ms"] = sum(times) / len(times) if times else 0
            shown[f"{kind}_requests_per_second"] = len(times) / WINDOW_S
        return shown


def _means(timed: list[tuple[str, float]]) -> dict[str, float]:
    grouped: dict[str, list[float]] = {}
    for route, ms in timed:
        grouped.setdefault(route, []).append(ms)
    return {route: sum(all_ms) / len(all_ms) for route, all_ms in grouped.items()}


def _rates(routes: list[str]) -> dict[str, float]:
    return {route: routes.count(route) / WINDOW_S for route in set(routes)}


def metrics(data_file: Path) -> dict[str, str]:
    """Memory and disk figures, as strings, under Typesense's names."""
    disk = shutil.disk_usage(data_file.parent)
    page = os.sysconf("SC_PAGE_SIZE")
    total = page * os.sysconf("SC_PHYS_PAGES")
    free = page * os.sysconf("SC_AVPHYS_PAGES")
    resident = _resident_bytes()
    return {
        "system_disk_total_bytes": str(disk.total),
        "system_disk_used_bytes": str(disk.used),
        "system_memory_total_bytes": str(total),
        "system_memory_used_bytes": str(total - free),
        "typesense_memory_active_bytes": str(resident),
        "typesense_memory_allocated_bytes": str(resident),
        "typesense_memory_fragmentation_ratio": "0.00",
        "typesense_memory_mapped_bytes": str(resident),
        "typesense_memory_resident_bytes": str(resident),
        "typesense_disk_used_bytes": str(data_file.stat().st_size),
    }


def _resident_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIB
    return pages * os.sysconf("SC_PAGE_SIZE")
