"""The control actions as typed methods, the same for a thread and for another process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Send = Callable[[str, Mapping[str, Any]], dict[str, Any]]


class Control:
    """Changes a running sample index, sets its faults, reads its counts.

    Methods that change a project return the serial of the index afterwards. Called itself,
    with the name of an action and its values, it returns what the action says as a dict.

    Raises (all methods):
        NotFound: the project or release is not there.
        UsageError: the values do not fit the action.
        Unreachable: the server does not answer.
    """

    def __init__(self, send: Send) -> None:
        self._send = send

    def __call__(self, action: str, **values: Any) -> dict[str, Any]:
        """Carry out an action by its name."""
        return self._send(action, values)

    def publish(
        self,
        name: str,
        version: str,
        *,
        classifiers: Sequence[str] | None = None,
        info: Mapping[str, Any] | None = None,
        files: int = 2,
        uploaded: float | None = None,
    ) -> int:
        """Publish a release, of a new project where there is none of that name.

        What ``classifiers`` and ``info`` (keys of the JSON API) leave open is taken from the
        latest release. ``uploaded`` is in seconds since 1970, now by default.
        """
        values: dict[str, Any] = {"name": name, "version": version, "files": files}
        values |= {} if classifiers is None else {"classifiers": list(classifiers)}
        values |= {} if info is None else {"info": dict(info)}
        values |= {} if uploaded is None else {"uploaded": uploaded}
        return self._change("publish", **values)

    def add_file(self, name: str, version: str, filename: str) -> int:
        """Add a file to a release."""
        return self._change("add_file", name=name, version=version, filename=filename)

    def yank(self, name: str, version: str, reason: str = "") -> int:
        """Yank a release."""
        return self._change("yank", name=name, version=version, reason=reason)

    def unyank(self, name: str, version: str) -> int:
        """Take a yank back."""
        return self._change("unyank", name=name, version=version)

    def quarantine(self, name: str, version: str | None = None) -> int:
        """Put a project, or one release of it, into quarantine."""
        return self._change("quarantine", name=name, version=version)

    def clear_quarantine(self, name: str, version: str | None = None) -> int:
        """End the quarantine of a project, or of one release."""
        return self._change("clear_quarantine", name=name, version=version)

    def archive(self, name: str) -> int:
        """Archive a project: its serial stays."""
        return self._change("archive", name=name)

    def unarchive(self, name: str) -> int:
        """Take a project out of the archive: its serial stays."""
        return self._change("unarchive", name=name)

    def delete_release(self, name: str, version: str) -> int:
        """Remove a release; its project stays, even without any."""
        return self._change("delete_release", name=name, version=version)

    def delete_project(self, name: str) -> int:
        """Remove a project with all it has."""
        return self._change("delete_project", name=name)

    def set_faults(self, **values: Any) -> dict[str, Any]:
        """Change faults (fields of ``Faults``), leaving the others; return all."""
        return self._send("set_faults", values)

    def reset_faults(self) -> dict[str, Any]:
        """Go back to the faults of the start, and drop outdated answers; return them."""
        return self._send("reset_faults", {})

    def stats(self) -> dict[str, Any]:
        """Return the counts: ``requests`` by kind, ``statuses``, ``faults`` and others."""
        return self._send("stats", {})

    def reset_stats(self) -> dict[str, Any]:
        """Count anew from here."""
        return self._send("reset_stats", {})

    def _change(self, action: str, **values: Any) -> int:
        return int(self._send(action, values)["serial"])
