"""The link in a digest's mail that ends these mails for whoever opens it, without signing in.

It is signed with the site's secret over the account's number. It stays good: a mail is opened
years later, and all that the link can do is to end what it came with.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

from ..settings import Settings

PATH = "/account/unsubscribe/"
LONGEST = 100


def unsubscribe_link(settings: Settings, secret: str, number: int) -> str | None:
    """The link of an account; ``None`` without WEB_URL, as nobody knows the site's address."""
    if settings.web_url is None:
        return None
    return f"{settings.web_url.rstrip('/')}{PATH}{unsubscribe_token(secret, number)}"


def unsubscribe_token(secret: str, number: int) -> str:
    """An account's number with its signature. Pure."""
    text = f"unsubscribe {number}".encode()
    signature = hmac.new(secret.encode(), text, hashlib.sha256).digest()
    return f"{number}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def account_number(secret: str, given: str) -> int | None:
    """The account of a token; ``None`` where the signature is not ours. Pure."""
    number, _, _ = given.partition(".")
    if len(given) > LONGEST or not (number.isascii() and number.isdigit()):
        return None
    right = unsubscribe_token(secret, int(number))
    return int(number) if hmac.compare_digest(right.encode(), given.encode()) else None
