"""GitHub as the one who says who somebody is: OAuth with state and PKCE."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests
from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

from ...errors import ServiceRefused, ServiceUnreachable
from ...settings import Settings
from .session import SignIn

log = logging.getLogger(__name__)

SCOPE = "user:email"
"""Reads the address that digests may go to; nothing may be changed with it."""
TIMEOUT = 10.0


@dataclass(frozen=True)
class GitHubAccount:
    """Whom GitHub names: number, login, and the verified primary address, if there is one."""

    id: int
    login: str
    email: str


class GitHubOAuth:
    """The OAuth application on GitHub."""

    def __init__(self, settings: Settings, callback: str) -> None:
        self._web = settings.github_url.rstrip("/")
        self._api = settings.github_api_url.rstrip("/")
        self._client = OAuth2Session(
            settings.github_client_id,
            settings.github_client_secret,
            scope=SCOPE,
            redirect_uri=callback,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_post",  # noqa: S106 - a way, no secret
        )

    def begin(self, next_path: str) -> tuple[str, SignIn]:
        """Where to send the browser, and what its answer has to fit."""
        verifier = generate_token(64)
        address, state = self._client.create_authorization_url(
            f"{self._web}/login/oauth/authorize", code_verifier=verifier
        )
        return str(address), SignIn(str(state), verifier, next_path)

    def person(self, code: str, pending: SignIn) -> GitHubAccount:
        """Who signed in; the token that GitHub gives for it is used here and thrown away.

        Raises ``ServiceRefused`` where GitHub does not take the code, ``ServiceUnreachable``
        without an answer.
        """
        with self._translate_errors(), self._client as client:
            client.fetch_token(
                f"{self._web}/login/oauth/access_token",
                code=code,
                code_verifier=pending.verifier,
                timeout=TIMEOUT,
            )
            user = _json(client.get(f"{self._api}/user", timeout=TIMEOUT))
            emails = client.get(f"{self._api}/user/emails", timeout=TIMEOUT)
            return GitHubAccount(int(user["id"]), str(user["login"]), _primary(emails))

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except OAuthError as error:
            log.warning("GitHub refused a sign-in: %s", error.error)
            raise ServiceRefused(
                "GitHub did not confirm the sign-in; please sign in again"
            ) from None
        except requests.RequestException as error:
            raise ServiceUnreachable("GitHub", type(error).__name__) from None
        except (KeyError, TypeError, ValueError):
            raise ServiceRefused("GitHub's answer cannot be read") from None


def _json(answer: requests.Response) -> dict[str, Any]:
    answer.raise_for_status()
    read = answer.json()
    if not isinstance(read, dict):
        raise TypeError("an object was expected")
    return read


def _primary(answer: requests.Response) -> str:
    """The verified primary address; empty where GitHub does not tell one."""
    listed = answer.json() if answer.status_code == 200 else []
    found = (str(item["email"]) for item in listed if item.get("primary") and item.get("verified"))
    return next((email for email in found if "," not in email and email.isprintable()), "")
