"""Who asks: signed cookies, and the layer that reads them for every request."""

from __future__ import annotations

import functools
import logging
from dataclasses import dataclass, field
from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...accounts import Account, AccountStore
from ...errors import AggregatorError
from ...running_stack.secret_files import site_secret
from ...settings import Settings
from ..addresses import is_secure
from ..response_cache import SESSION_COOKIE

log = logging.getLogger(__name__)

SESSION_SECONDS = 30 * 24 * 3600
SIGN_IN_COOKIE = "pyf_signin"
SIGN_IN_SECONDS = 600
SIGN_IN_PATH = "/account"


@dataclass(frozen=True)
class User:
    """Who is signed in; ``email`` is the address that GitHub has verified, from the cookie."""

    account: Account
    email: str
    is_admin: bool
    book: AccountStore = field(repr=False, compare=False)

    @property
    def id(self) -> int:
        """GitHub's number."""
        return self.account.id

    @property
    def login(self) -> str:
        """The name on GitHub."""
        return self.account.login

    def tracks(self, package: str) -> bool:
        """Whether a package is on the list; ``package`` is normalized."""
        return package in self.book.tracked_packages(self.id)


@dataclass(frozen=True)
class SignIn:
    """A sign-in under way, kept in a cookie: GitHub's answer has to fit it."""

    state: str
    verifier: str
    next: str


class Accounts:
    """The accounts of the site, and its cookies."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.book = AccountStore(settings.pyf_data_dir)
        listed = (settings.web_admins or "").split(",")
        self._admins = {login.strip().casefold() for login in listed} - {""}

    @functools.cached_property
    def secret(self) -> str:
        """What cookies and links are signed with."""
        return site_secret(self.settings)

    def _signer(self, purpose: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self.secret, salt=purpose)

    def user(self, request: Request) -> User | None:
        """Who sent a request; ``None`` for nobody, and for cookies that are no longer good."""
        read = self._read(request, SESSION_COOKIE, SESSION_SECONDS)
        if read is None:
            return None
        number, stamp, email = read
        account = self.book.get(number)
        if account is None or account.stamp != stamp:
            return None
        is_admin = account.login.casefold() in self._admins
        return User(account, email, is_admin, self.book)

    def begin(self, request: Request, answer: Response, pending: SignIn) -> None:
        """Remember a sign-in that was begun."""
        text = [pending.state, pending.verifier, pending.next]
        value = self._signer(SIGN_IN_COOKIE).dumps(text)
        _set(request, answer, SIGN_IN_COOKIE, str(value), SIGN_IN_SECONDS, SIGN_IN_PATH)

    def pending(self, request: Request) -> SignIn | None:
        """The sign-in that this browser began; ``None`` for none, and after some minutes."""
        read = self._read(request, SIGN_IN_COOKIE, SIGN_IN_SECONDS)
        return None if read is None else SignIn(*read)

    def remember(self, request: Request, answer: Response, account: Account, email: str) -> None:
        """Sign a browser in."""
        value = self._signer(SESSION_COOKIE).dumps([account.id, account.stamp, email])
        _set(request, answer, SESSION_COOKIE, str(value), SESSION_SECONDS, "/")
        answer.delete_cookie(SIGN_IN_COOKIE, path=SIGN_IN_PATH)

    def forget(self, answer: Response) -> None:
        """Sign a browser out."""
        answer.delete_cookie(SESSION_COOKIE, path="/")

    def _read(self, request: Request, cookie: str, seconds: int) -> Any:
        try:
            return self._signer(cookie).loads(request.cookies.get(cookie, ""), max_age=seconds)
        except BadSignature:
            return None


class CurrentUser:
    """The layer that says in ``request.state.user`` who asks, and keeps their pages private."""

    def __init__(self, app: ASGIApp, accounts: Accounts) -> None:
        self.app = app
        self._accounts = accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or SESSION_COOKIE not in (request := Request(scope)).cookies:
            await self.app(scope, receive, send)
            return

        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).setdefault("Cache-Control", "private, no-cache")
            await send(message)

        state = {**scope.get("state", {}), "user": self._who(request)}
        await self.app({**scope, "state": state}, receive, sent)

    def _who(self, request: Request) -> User | None:
        try:
            return self._accounts.user(request)
        except AggregatorError as error:
            log.error("%s", error)
            return None


def accounts_of(request: Request) -> Accounts:
    """The site's accounts; 404 where it has none."""
    found: Accounts | None = request.app.state.accounts
    if found is None:
        raise HTTPException(404, "this site has no accounts")
    return found


def user_of(request: Request) -> User:
    """Who is signed in; 401 for nobody, 404 where there are no accounts."""
    accounts_of(request)
    user: User | None = getattr(request.state, "user", None)
    if user is None:
        raise HTTPException(401, "sign in first")
    return user


def _set(
    request: Request, answer: Response, name: str, value: str, seconds: int, path: str
) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        path=path,
        secure=is_secure(request),
        httponly=True,
        samesite="lax",
    )
