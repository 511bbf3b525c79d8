"""When a message was sent: Celery's own messages do not say, so nobody saw how long they wait."""

from __future__ import annotations

import json
import time
from collections.abc import MutableMapping
from typing import Any

SENT_HEADER = "pyf_sent"
"""Header of a task's message: Unix seconds of its sending. A retry is sent anew."""


def add_sent_header(headers: MutableMapping[str, Any], **_: Any) -> None:
    """Write the time into the headers of a message that is about to be sent."""
    headers[SENT_HEADER] = round(time.time(), 3)


def sent_at(message: str) -> float | None:
    """Return when a message, as it stands in Redis, was sent; ``None`` if it does not say."""
    try:
        return float(json.loads(message)["headers"][SENT_HEADER])
    except (ValueError, KeyError, TypeError):
        return None
