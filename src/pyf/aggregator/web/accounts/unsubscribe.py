"""Ending the mails of an account, by the link that each of them has."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from ...accounts import unsubscribe_links
from .. import templating
from .session import accounts_of

router = APIRouter(prefix=unsubscribe_links.PATH.rstrip("/"), include_in_schema=False)

PRIVATE = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin"}
"""The address alone ends the mails: it is kept nowhere, and no other page is told of it."""


@router.get("/{token}")
def ask(request: Request, token: str) -> Response:
    """Ask: programs that look at links in mails must not end anything."""
    _number(request, token)
    return _page(request, ended=False)


@router.post("/{token}")
def end(request: Request, token: str) -> Response:
    """End the mails, whoever sends this; sent again it does no harm."""
    number = _number(request, token)
    accounts_of(request).book.disable_mail(number)
    return _page(request, ended=True)


def _number(request: Request, token: str) -> int:
    number = unsubscribe_links.account_number(accounts_of(request).secret, token)
    if number is None:
        raise HTTPException(403, "this link is not one of ours, or not whole", PRIVATE)
    return number


def _page(request: Request, *, ended: bool) -> Response:
    answer = templating.page(request, "unsubscribe.html", {"ended": ended})
    answer.headers.update(PRIVATE)
    return answer
