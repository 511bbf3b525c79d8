"""People who signed in: the account and the packages they track, and digests of these.

Written by the web application, read by the workers that send digests; both see the same
``PYF_DATA_DIR``. Nothing else is stored of anybody.
"""

from __future__ import annotations

from .book import FILE, Account, AccountBook, AccountsUnusable, Digest

__all__ = ["FILE", "Account", "AccountBook", "AccountsUnusable", "Digest"]
