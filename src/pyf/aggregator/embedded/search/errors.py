"""What the local search server refuses, with the status and message that Typesense gives."""

from __future__ import annotations

from ...errors import ServiceRefused

FORBIDDEN_MESSAGE = "Forbidden - a valid `x-typesense-api-key` header must be sent."


class ApiError(ServiceRefused):
    """A request is refused: ``status`` is the HTTP status, the sentence goes into ``message``."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


def bad_request(message: str) -> ApiError:
    return ApiError(400, message)


def not_found(message: str) -> ApiError:
    return ApiError(404, message)


def collection_not_found() -> ApiError:
    return not_found("Collection not found")


def forbidden() -> ApiError:
    return ApiError(401, FORBIDDEN_MESSAGE)


def unsupported_feature(what: str) -> ApiError:
    """For what Typesense can do and this server cannot: better refused than answered wrongly."""
    return ApiError(501, f"{what} is not supported by the local search server; use Typesense.")
