"""When a message was sent: Celery's own messages do not say, so nobody saw how long they wait."""

from __future__ import annotations

import json
import time
from collections.abc import MutableMapping
from typing import Any

HEADER = "pyf_sent"
"""Header of a task's message: Unix seconds of its sending. A retry is sent anew."""


def note_time(headers: MutableMapping[str, Any], **_: Any) -> None:
    """Write the time into the headers of a message that is about to be sent."""
    headers[HEADER] = round(time.time(), 3)


def sent_at(message: str) -> float | None:
    """Return when a message, as it stands in Redis, was sent; ``None`` if it does not say."""
    try:
        return float(json.loads(message)["headers"][HEADER])
    except (ValueError, KeyError, TypeError):
        return None
