"""Opening the store that the settings name, its schema brought up to date where that is allowed."""

from __future__ import annotations

from ..settings import Settings
from .client import Store
from .location import locate_store


def open_store(settings: Settings, *, readonly: bool = True, migrate: bool = True) -> Store:
    """The store of CLICKHOUSE_URL, else of the stack that runs here.

    One that may be written to is migrated first, unless told otherwise. One for reading uses
    CLICKHOUSE_READONLY_URL where that is set and may change nothing in any case. Raises
    ``StoreNotSetUp``, ``ServiceUnreachable`` where it is away, ``ServiceRefused`` where it does not
    take user or password.
    """
    has_own_user = bool(settings.clickhouse_readonly_url or not settings.clickhouse_url)
    store = Store(
        locate_store(settings, readonly=readonly),
        timeout=settings.clickhouse_timeout,
        cluster=settings.clickhouse_cluster,
        readonly=readonly,
        enforce=readonly and not has_own_user,
    )
    try:
        store.check()
        if migrate and not readonly:
            store.migrate()
    except BaseException:
        store.close()
        raise
    return store
