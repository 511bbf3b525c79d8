"""Settings of the web application."""

from __future__ import annotations

from dataclasses import dataclass

from . import value_types
from .declarations import setting


@dataclass(frozen=True, repr=False)
class WebSettings:
    """Addresses, limits, accounts."""

    web_host: str = setting(
        value_types.host_name(), "127.0.0.1", "Address that pyfa web listens on."
    )
    web_port: int = setting(value_types.integer(0, 65535), 8000, "Port that pyfa web listens on.")
    web_url: str | None = setting(
        value_types.base_url(), None, "Address under which browsers reach the site.", unit="URL"
    )
    web_search_url: str | None = setting(
        value_types.base_url(),
        None,
        "Address under which browsers reach the search server; empty: that of TYPESENSE_HOST.",
        unit="URL",
    )
    web_search_key: str | None = setting(
        value_types.line_of_text(),
        None,
        "Search-only key given to browsers; empty: one is made for the followed collections.",
    )
    web_secret: str | None = setting(
        value_types.line_of_text(),
        None,
        "Signs the cookies of accounts; empty: one is made and kept in PYF_DATA_DIR.",
        secret=True,
    )
    web_rate_limit: str = setting(
        value_types.line_of_text(),
        "600/minute",
        "Most API requests of one client; empty: no limit.",
        unit="such as 600/minute",
        empty_is_value=True,
    )
    web_trusted_proxies: int = setting(
        value_types.integer(0, 10),
        0,
        "Proxies before the site whose X-Forwarded-For entries are believed.",
        unit="proxies",
    )
    web_admins: str | None = setting(
        value_types.line_of_text(),
        None,
        "GitHub logins that may open /admin.",
        unit="names, separated by commas",
    )
    web_webhook_hosts: str = setting(
        value_types.line_of_text(),
        "hooks.slack.com, discord.com, discordapp.com",
        "Hosts, with a port unless it is 443, at which people may have webhooks for digests.",
        unit="names, separated by commas",
        empty_is_value=True,
    )
    github_client_id: str | None = setting(
        value_types.line_of_text(),
        None,
        "OAuth application on GitHub; without one there are no accounts.",
    )
    github_client_secret: str | None = setting(
        value_types.line_of_text(), None, "Secret of that OAuth application.", secret=True
    )
    github_url: str = setting(
        value_types.base_url(), "https://github.com", "GitHub, where users sign in.", unit="URL"
    )
