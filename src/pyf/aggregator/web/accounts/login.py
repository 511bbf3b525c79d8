"""Signing in and out, and deleting one's account."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from ...errors import ServiceRefused
from ..addresses import root
from ..same_origin import local_path
from .github import GitHubOAuth
from .session import SIGN_IN_SECONDS, SignIn, User, accounts_of, user_of

router = APIRouter(prefix="/account", include_in_schema=False)

PRIVATE = {"Cache-Control": "no-store"}
NOT_BEGUN = "this sign-in was not begun here, or too long ago; please sign in again"


@router.get("/sign-in")
def sign_in(request: Request, next: str = "/dashboard") -> Response:
    """Send the browser to GitHub, which sends it back to ``callback``."""
    accounts = accounts_of(request)
    address, pending = _github(request).begin(local_path(next))
    answer = RedirectResponse(address, 302, PRIVATE)
    accounts.begin(request, answer, pending)
    return answer


@router.get("/callback")
def callback(request: Request, state: str = "", code: str = "", error: str = "") -> Response:
    """Sign in whom GitHub names, once for each sign-in that this browser began."""
    accounts = accounts_of(request)
    pending = accounts.pending(request)
    if pending is None or not _same(state, pending):
        raise HTTPException(400, NOT_BEGUN, PRIVATE)
    if error or not code:
        return RedirectResponse("/", 303, PRIVATE)
    if not accounts.book.use_once(state, SIGN_IN_SECONDS):
        raise HTTPException(400, NOT_BEGUN, PRIVATE)
    try:
        person = _github(request).person(code, pending)
    except ServiceRefused as refused:
        raise HTTPException(400, str(refused), PRIVATE) from None
    account = accounts.book.sign_in(person.id, person.login)
    answer = RedirectResponse(local_path(pending.next), 303, PRIVATE)
    accounts.remember(request, answer, account, person.email)
    return answer


@router.post("/sign-out")
def sign_out(request: Request, user: Annotated[User, Depends(user_of)]) -> Response:
    """End all sessions of the account."""
    accounts = accounts_of(request)
    accounts.book.end_sessions(user.id)
    answer = RedirectResponse("/", 303, PRIVATE)
    accounts.forget(answer)
    return answer


@router.post("/delete")
def delete(
    request: Request,
    user: Annotated[User, Depends(user_of)],
    sure: Annotated[str, Form()] = "",
) -> Response:
    """Forget the account with all that belongs to it."""
    if sure != "yes":
        raise HTTPException(400, "say that you are sure, then the account is deleted")
    accounts = accounts_of(request)
    accounts.book.delete(user.id)
    answer = RedirectResponse("/", 303, PRIVATE)
    accounts.forget(answer)
    return answer


def _github(request: Request) -> GitHubOAuth:
    return GitHubOAuth(accounts_of(request).settings, f"{root(request)}/account/callback")


def _same(state: str, pending: SignIn) -> bool:
    return hmac.compare_digest(state.encode(), pending.state.encode())
