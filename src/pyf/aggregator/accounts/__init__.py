"""People who signed in: the account and the packages they track, and digests of these.

Written by the web application, read by the workers that send digests; both see the same
``PYF_DATA_DIR``. Nothing else is stored of anybody.
"""

from __future__ import annotations

from .database import FILE, Account, AccountStore, AccountsUnusable, Digest

__all__ = ["FILE", "Account", "AccountStore", "AccountsUnusable", "Digest"]
