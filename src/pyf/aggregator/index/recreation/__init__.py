"""Give a collection the current schema while it is searched and written to.

The next version is built beside the one in use and the alias is moved; nothing is lost on the way:

1. *copy*: all documents are streamed over, again and again, until hardly any differ;
2. *switch*: the alias moves to the new version, in one step;
3. *reconcile*: what was written to the old version between its last copy and the switch is brought
   over as changes of single fields, unless somebody has changed the same field since;
4. the old version is dropped, or kept for a roll-back.

A journal on disk remembers what was copied, so that a process killed at any of these steps is
carried on by the next run. Until the switch the alias stays on the whole old version, after it on
the whole new one.

A collection that has the alias's own name can only be dropped before the alias takes its place:
Typesense knows no step that does both. For that moment searches find nothing there, and a write
that meets it is refused, not lost silently.
"""

from __future__ import annotations

from .journal import RecreationJournal
from .recreation import Recreation, RecreationReport, rollback

__all__ = ["Recreation", "RecreationJournal", "RecreationReport", "rollback"]
