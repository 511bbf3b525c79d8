"""Up to which serial each collection is complete, in Redis. The cursor moves last."""

from __future__ import annotations

import json

from ..ingest.cursor import Cursor
from .redis_client import Client

PREFIX = "pyf:cursor:pypi:"

ADVANCE = """
if redis.call('GET', KEYS[1]) == ARGV[1] then
  redis.call('SET', KEYS[1], ARGV[2])
  return 1
end
return 0
"""


class RedisCursorStore:
    """The cursors of all collections; a ``CursorStore`` for runs."""

    def __init__(self, client: Client) -> None:
        self._redis = client
        self._advance = client.register_script(ADVANCE)

    def __str__(self) -> str:
        return "the queue's memory"

    def read(self, collection: str) -> Cursor | None:
        """Return the collection's cursor, ``None`` without one."""
        text = self._redis.get(PREFIX + collection)
        if text is None:
            return None
        content = json.loads(text)
        return Cursor(int(content["serial"]), None, dict(content["retry"]))

    def write(self, collection: str, cursor: Cursor) -> None:
        """Set the collection's cursor, forwards or backwards."""
        self._redis.set(PREFIX + collection, _text(cursor))

    def advance(self, collection: str, before: Cursor, after: Cursor) -> bool:
        """Set the cursor unless somebody has set it since ``before`` was read; say whether."""
        texts = [_text(before), _text(after)]
        return bool(self._advance(keys=[PREFIX + collection], args=texts))

    def rewind(self, collection: str, cursor: Cursor) -> None:
        """Set the cursor back to where it stood, so that what came since is compared again.

        A long run may overwrite a newer state with what it fetched a moment before.
        """
        now = self.read(collection)
        if now is not None and now.serial > cursor.serial:
            retry = {**cursor.retry, **now.retry}
            self.write(collection, Cursor(cursor.serial, None, retry))


def _text(cursor: Cursor) -> str:
    return json.dumps({"serial": cursor.serial, "retry": cursor.retry}, sort_keys=True)
