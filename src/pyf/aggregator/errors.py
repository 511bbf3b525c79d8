"""The exceptions of the project, one tree.

AggregatorError                exit status 1, a sentence for the user
├── UsageError                 2  a wrong option, setting, profile or file
│   ├── SettingError
│   └── ProfileError
├── NotFound                   3  what was asked for does not exist
├── PartlyDone                 4  the work ended, some of it is missing and named
├── Unreachable                5  a needed service or upstream does not answer
├── Refused                    1  a service answered and said no (wrong key, bad schema)
└── SafetyStop                 1  a run would have done more harm than it may without asking

Data stands on attributes, the sentence in ``str(error)``. Only the outermost edge
(command line, task base, web handler) catches ``AggregatorError``.
"""

from __future__ import annotations


class AggregatorError(Exception):
    """Base of all errors that a user is told about in one sentence."""

    exit_status = 1


class UsageError(AggregatorError):
    """Wrong use: an option, a setting, a profile or a file cannot be taken as given."""

    exit_status = 2


class SettingError(UsageError):
    """One or more settings have values that cannot be used; all of them are named."""


class ProfileError(UsageError):
    """A profile is unknown or its definition is wrong."""


class NotFound(AggregatorError):
    """What was asked for does not exist."""

    exit_status = 3


class PartialFailure(AggregatorError):
    """The work ended but some of it is missing; the sentence names what."""

    exit_status = 4


class ServiceUnreachable(AggregatorError):
    """A needed service or upstream cannot be reached or does not answer."""

    exit_status = 5

    def __init__(self, service: str, reason: str) -> None:
        self.service = service
        self.reason = reason
        super().__init__(f"{service} cannot be reached: {reason}")


class ServiceRefused(AggregatorError):
    """A service answered and refused: wrong key, incompatible schema, bad request."""


class SafetyStop(AggregatorError):
    """A run stopped because it would remove more than it may without being told to."""
