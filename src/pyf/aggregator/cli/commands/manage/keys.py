"""``pyfa manage``: API keys for frontends. A key's value is printed once, when it is made."""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime

from ....errors import AggregatorError, UsageError
from ....index import SearchServer, admin, collections, keys, scoped_keys
from ....index.keys import SearchKeyInfo
from ....settings import Settings
from ...common import actions, output, show_package
from ...common.actions import Action

SHORTEST = 8
"""Characters of a key that somebody chooses; a server shows the first four of each key."""
DEFAULT_GRACE = 7 * 86_400


def list_keys(arguments: argparse.Namespace, settings: Settings) -> int:
    """Print the search-only keys, without their values."""
    found = keys.search_keys(actions.connect(settings))
    if arguments.json:
        output.data([_as_data(key) for key in found])
        return 0
    rows = [
        [
            str(key.id),
            actions.cell(key.description),
            actions.cell(", ".join(key.collections)),
            _moment(key.expires_at, "never"),
            _moment(key.due, ""),
        ]
        for key in found
    ]
    columns = ["id", "description", "collections", "expires", "to be deleted"]
    output.table("Search-only API keys", columns, rows)
    return 0


def add_key(arguments: argparse.Namespace, settings: Settings) -> int:
    """Make a search-only key for a collection."""
    value = _key_value(arguments)
    server = actions.connect(settings)
    name = _collection(arguments, settings, server)
    made = keys.create_search_key(server, name, value=value)
    if arguments.json:
        output.data({"id": made.id, "value": made.value, "collection": name})
    else:
        output.say(made.value)
        output.note(f"key {made.id} may search {name} and nothing else; it is shown this once")
    return 0


def delete_key(arguments: argparse.Namespace, settings: Settings) -> int:
    """Delete a key by its id."""
    description = keys.delete_key(actions.connect(settings), arguments.delete_apikey)
    if arguments.json:
        output.data({"id": arguments.delete_apikey, "description": description})
    else:
        output.say(f"key {arguments.delete_apikey} ({actions.cell(description)}) is deleted")
    return 0


def rotate_key(arguments: argparse.Namespace, settings: Settings) -> int:
    """Make a new search-only key; those before it live on for the grace period."""
    value = _key_value(arguments)
    server = actions.connect(settings)
    name = _collection(arguments, settings, server)
    grace = DEFAULT_GRACE if arguments.grace is None else arguments.grace
    done = keys.rotate_search_key(server, name, grace=grace, now=int(time.time()), value=value)
    if arguments.json:
        output.data(
            {
                "id": done.new.id,
                "value": done.new.value,
                "collection": name,
                "replaces": [_as_data(key) for key in done.replaced],
                "deleted": list(done.removed),
            }
        )
        return 0
    output.say(done.new.value)
    output.note(f"key {done.new.id} may search {name} and nothing else; it is shown this once")
    for key in done.replaced:
        if key.id not in done.removed:
            output.note(f"key {key.id} stays valid; --expire-old deletes it {_from(key.due)}")
    for id_ in done.removed:
        output.note(f"key {id_} is deleted, its grace is over")
    return 0


def expire_old(arguments: argparse.Namespace, settings: Settings) -> int:
    """Delete replaced keys whose grace is over."""
    removed = keys.remove_due_keys(actions.connect(settings), now=int(time.time()))
    if arguments.json:
        output.data({"deleted": removed})
    else:
        listed = ", ".join(map(str, removed))
        output.say(f"deleted keys: {listed}" if removed else "no key is due")
    return 0


def scoped_key(arguments: argparse.Namespace, settings: Settings) -> int:
    """Make a scoped search key from a search-only key, without the server's help."""
    if arguments.filter is None and arguments.expires is None:
        raise UsageError("a scoped key needs --filter, --expires or both")
    if arguments.filter is not None and not arguments.filter.strip():
        raise UsageError("--filter is empty; leave it out for a key that only expires")
    if not arguments.parent_key_file:
        raise UsageError("name the file of the search-only key with --parent-key-file")
    parent = actions.secret(arguments.parent_key_file, "--parent-key-file")
    embedded: dict[str, object] = {}
    if arguments.filter is not None:
        embedded["filter_by"] = arguments.filter
    if arguments.expires is not None:
        embedded["expires_at"] = int(time.time()) + arguments.expires
    _check_parent(settings, parent)
    value = scoped_keys.scoped_key(parent, embedded)
    if arguments.json:
        output.data({"value": value, "embedded": embedded})
    else:
        output.say(value)
    return 0


def _check_parent(settings: Settings, parent: str) -> None:
    """The key is made offline; where a server can be asked, a useless parent is refused."""
    try:
        server = actions.connect(settings)
    except AggregatorError as error:
        output.note(f"note: the parent key was not checked: {error}")
        return
    scoped_keys.check_parent(server, parent)


def _collection(arguments: argparse.Namespace, settings: Settings, server: SearchServer) -> str:
    """The collection a key is for, which must be there unless -f is given."""
    name = arguments.target or show_package.collection_of(arguments.profile, settings)
    actions.check_name(name)
    if admin.find_collection(server, name) is None and not arguments.force:
        raise admin.not_found_error(server, name)
    for alias, collection in collections.aliases(server).items():
        if collection == name:
            output.note(f"note: the key is for {name} alone, not for its alias {alias}")
    return str(name)


def _key_value(arguments: argparse.Namespace) -> str | None:
    """The value given with -key."""
    value: str | None = arguments.key
    if value is None:
        return None
    if len(value) < SHORTEST or not value.isascii() or not value.isprintable() or " " in value:
        raise UsageError(f"-key: at least {SHORTEST} ASCII characters without blanks are needed")
    return value


def _as_data(key: SearchKeyInfo) -> dict[str, object]:
    return {
        "id": key.id,
        "description": key.description,
        "collections": list(key.collections),
        "prefix": key.prefix,
        "expires_at": key.expires_at,
        "due": key.due,
    }


def _moment(seconds: int | None, otherwise: str) -> str:
    if seconds is None:
        return otherwise
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _from(due: int | None) -> str:
    return f"from {_moment(due, '')} on"


def _key_id(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError("the id of a key is a number; -lssoa lists them")
    return int(text)


ACTIONS = (
    Action(("-lssoa", "--list-search-only-apikeys"), "list search-only API keys", list_keys),
    Action(
        ("--add-search-only-apikey",),
        "create a key that can search one collection",
        add_key,
        takes=("target", "profile", "key", "force"),
    ),
    Action(
        ("--delete-apikey",),
        "delete an API key",
        delete_key,
        metavar="ID",
        type=_key_id,
    ),
    Action(
        ("--rotate-search-key",),
        "create a new search-only key, keep the old ones for --grace",
        rotate_key,
        takes=("target", "profile", "key", "force", "grace"),
    ),
    Action(("--expire-old",), "delete replaced keys whose grace period is over", expire_old),
    Action(
        ("--scoped-key",),
        "create a search key with an embedded filter or expiry, offline",
        scoped_key,
        takes=("parent_key_file", "filter", "expires"),
    ),
)
