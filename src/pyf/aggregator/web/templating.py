"""Pages from templates: everything escaped, nothing inline."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import jinja2
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from .. import __version__
from . import addresses, assets, freshness
from .response_cache import KEEP, THEME_COOKIE, THEMES, UNTIL_LOAD


@functools.cache
def environment() -> jinja2.Environment:
    """The templates with their filters; a name that is not given is an error, not an empty text."""
    made = jinja2.Environment(
        loader=jinja2.PackageLoader(__package__, "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        number=number,
        short=short,
        day=day,
        moment=moment,
        ago=ago,
        signed_percent=signed_percent,
        trend=trend,
        overdue=overdue,
    )
    made.globals.update(
        static=assets.address, chart_sheets=assets.chart_sheets, version=__version__, icon=icon
    )
    return made


def page(
    request: Request,
    template: str,
    values: Mapping[str, Any],
    *,
    status: int = 200,
    keep: int | str | None = None,
) -> HTMLResponse:
    """Render a page. ``keep``: seconds for which it is good for everybody, or ``UNTIL_LOAD``."""
    theme = request.cookies.get(THEME_COOKIE, "")
    given = {
        "request": request,
        "path": request.url.path,
        "base": f"{addresses.root(request)}/",
        "theme": theme if theme in THEMES else "",
        "user": getattr(request.state, "user", None),
        "accounts": getattr(request.app.state, "accounts", None) is not None,
        **values,
    }
    headers = {"Vary": "Cookie, Accept"}
    if keep is not None:
        headers[KEEP] = str(keep)
    text = environment().get_template(template).render(given)
    return HTMLResponse(text, status, headers)


def number(value: float | None) -> str:
    """A count with its thousands apart; a dash for what is not known."""
    return "–" if value is None else f"{value:,.0f}"


def short(value: float | None) -> str:
    """A count as a few characters: ``1.2 M``."""
    if value is None:
        return "–"
    for size, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            scaled = value / size
            return f"{scaled:.0f} {sign}" if scaled >= 100 else f"{scaled:.1f} {sign}"
    return f"{value:.0f}"


def signed_percent(value: float | None) -> str:
    """A share as a change: ``+3 %``."""
    return "–" if value is None else f"{value * 100:+.0f} %"


def trend(momentum: float | None) -> str:
    """A momentum, a logarithm to the base of 2, as a change: 1 is ``+100 %``."""
    return signed_percent(None if momentum is None else 2.0**momentum - 1)


def day(value: date | datetime | None) -> Markup:
    """A date for people and programs."""
    if value is None:
        return Markup("–")
    text = value.strftime("%Y-%m-%d")
    return Markup('<time datetime="{0}">{0}</time>').format(text)


def overdue(last: date | None) -> bool:
    """Whether download counts are late when ``last`` is the last day there is of them."""
    return last is not None and freshness.are_late(last, datetime.now(UTC))


def moment(value: datetime | float | None) -> Markup:
    """A moment, UTC, to the minute; Unix seconds are taken, too."""
    if not value:
        return Markup("–")
    at = datetime.fromtimestamp(value, UTC) if isinstance(value, int | float) else value
    text = at.strftime("%Y-%m-%d %H:%M UTC")
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), text)


def ago(value: datetime | float | None) -> Markup:
    """A moment, or Unix seconds, as how long ago that is; a dash for 0, which is unknown."""
    if not value or (isinstance(value, datetime) and value.timestamp() == 0):
        return Markup("–")
    at = value if isinstance(value, datetime) else datetime.fromtimestamp(value, UTC)
    days = (datetime.now(UTC) - at).days
    text = _age(days)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat(), at.strftime("%Y-%m-%d %H:%M UTC"), text
    )


def _age(days: int) -> str:
    if days < 1:
        return "today"
    for size, name in ((365, "year"), (30, "month"), (1, "day")):
        if days >= size:
            count = days // size
            return f"{count} {name}{'s' if count > 1 else ''} ago"
    return "today"


def icon(name: str) -> Markup:
    """A picture of the sprite; for the eye only."""
    address = assets.address("icons.svg")
    return Markup(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>'
    ).format(address, name)


__all__ = ["UNTIL_LOAD", "environment", "page"]
