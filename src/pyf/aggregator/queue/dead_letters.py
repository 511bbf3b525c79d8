"""Dead letters: tasks that failed for good, each once, with why and how often."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from celery import Celery

from .redis_client import Client

KEY = "pyf:dead"

ADD = """
local entry = cjson.decode(ARGV[2])
local before = redis.call('HGET', KEYS[1], ARGV[1])
if before then
  local old = cjson.decode(before)
  entry.first = old.first
  entry.count = old.count + 1
end
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(entry))
return entry.count
"""


@dataclass(frozen=True)
class DeadLetter:
    """A task that failed for good. ``first`` and ``last`` are Unix seconds of its failures."""

    key: str
    task: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    reason: str
    first: float
    last: float
    count: int


def dead_letter_key(task: str, subject: str) -> str:
    """The key of a task's dead letter; ``subject`` is what the task is about."""
    return f"{task} {subject}"


class DeadLetters:
    """The list of them, in a Redis hash."""

    def __init__(self, client: Client) -> None:
        self._redis = client
        self._add = client.register_script(ADD)

    def add(
        self, task: str, subject: str, args: Sequence[Any], kwargs: Mapping[str, Any], reason: str
    ) -> int:
        """Put a failure on the list; return how often this task has failed for good."""
        now = time.time()
        # The arguments go as text: Lua's JSON makes no difference between [] and {}.
        call = json.dumps([list(args), dict(kwargs)], default=repr)
        entry = {"task": task, "call": call, "reason": reason[:1000], "count": 1}
        text = json.dumps({**entry, "first": now, "last": now})
        return int(self._add(keys=[KEY], args=[dead_letter_key(task, subject), text]))

    def all(self) -> list[DeadLetter]:
        """Return every dead letter, the latest failure first."""
        found = [_read(str(key), str(text)) for key, text in self._redis.hgetall(KEY).items()]
        return sorted(found, key=lambda letter: -letter.last)

    def __len__(self) -> int:
        return int(self._redis.hlen(KEY))

    def remove(self, *keys: str) -> int:
        """Take letters from the list; return how many there were."""
        return int(self._redis.hdel(KEY, *keys)) if keys else 0

    def retry(self, app: Celery) -> int:
        """Queue every one of them again and take it from the list; return how many."""
        letters = self.all()
        for letter in letters:
            app.send_task(letter.task, args=letter.args, kwargs=dict(letter.kwargs))
            self.remove(letter.key)
        return len(letters)


def _read(key: str, text: str) -> DeadLetter:
    entry = json.loads(text)
    args, kwargs = json.loads(entry["call"])
    return DeadLetter(
        key=key,
        task=entry["task"],
        args=tuple(args),
        kwargs=kwargs,
        reason=entry["reason"],
        first=float(entry["first"]),
        last=float(entry["last"]),
        count=int(entry["count"]),
    )
