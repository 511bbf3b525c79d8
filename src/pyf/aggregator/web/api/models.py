"""Shapes of the API's answers, for its OpenAPI document; the answers are held to them by tests."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, Field


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = "about:blank"
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["there is no package 'requets'; did you mean requests?"])
    instance: str | None = None


class RecentCounts(BaseModel):
    """Sums over the windows; only the one asked for where a period is named."""

    last_day: int | None = Field(None, examples=[6399553])
    last_week: int | None = Field(None, examples=[39375127])
    last_month: int | None = Field(None, examples=[157236987])


class RecentAnswer(BaseModel):
    """Downloads of the last day, week (7 days) and month (30 days), without mirrors."""

    data: RecentCounts
    package: str = Field(examples=["flask"])
    type: Literal["recent_downloads"]


class Row(BaseModel):
    """Downloads of one category in one step of time."""

    category: str = Field(examples=["without_mirrors"])
    date: date
    downloads: int = Field(examples=[1234])


class SeriesAnswer(BaseModel):
    """A series by category, then date; a day that is unknown has no row."""

    data: list[Row]
    package: str = Field(examples=["flask"])
    type: str = Field(examples=["overall_downloads"])


class Meta(BaseModel):
    """What an answer is made of."""

    data_through: date | None
    loaded_at: datetime | None
    counted: str


class RankedPackage(BaseModel):
    """A place; equal counts share the lower number."""

    rank: int = Field(examples=[1])
    package: str = Field(examples=["boto3"])
    downloads: int = Field(examples=[1880218825])


class BoardMeta(Meta):
    """What a leaderboard is of."""

    period: Literal["day", "week", "month"]
    profile: str | None
    of: int


class TopMeta(BoardMeta):
    """The window of a leaderboard; ``complete`` is false where a day of it is unknown."""

    start: date | None
    end: date | None
    complete: bool


class TopAnswer(BaseModel):
    """A leaderboard."""

    data: list[RankedPackage]
    meta: TopMeta


class RisingPackage(BaseModel):
    """Downloads of both periods; ``momentum`` is the growth drawn towards 0 for small counts."""

    package: str = Field(examples=["httpx"])
    current: int
    previous: int
    growth: float | None
    momentum: float


class MomentumMeta(BoardMeta):
    """How many days were compared."""

    direction: Literal["rising", "falling"]
    days_compared: int


class MomentumAnswer(BaseModel):
    """Packages by their momentum."""

    data: list[RisingPackage]
    meta: MomentumMeta


class ComparisonMeta(Meta):
    """Which packages, and their totals over the known days."""

    packages: list[str]
    totals: dict[str, int]


class ComparisonAnswer(BaseModel):
    """A row for each step of time with the date and a column for each package."""

    data: list[dict[str, int | str | None]]
    meta: ComparisonMeta


class ShareRow(BaseModel):
    """A part of the downloads of the last 30 days."""

    category: str = Field(examples=["3.13"])
    downloads: int
    share: float = Field(ge=0, le=1)


class PackageDownloads(BaseModel):
    """Downloads without mirrors; ``growth`` and ``momentum`` compare four weeks with four."""

    last_day: int | None
    last_week: int | None
    last_month: int | None
    total: int
    total_with_mirrors: int
    since: date | None
    rank: int | None
    of: int
    percentile: float | None
    growth: float | None
    momentum: float | None
    shares: dict[str, list[ShareRow]]


class Health(BaseModel):
    """The score from 0 to 100, and where its points come from."""

    score: int = Field(ge=0, le=100, examples=[83])
    formula: int | None
    calculated: datetime | None
    breakdown: dict[str, Any] | None


class Catalog(BaseModel):
    """What the catalog of the whole registry holds; moments are Unix seconds."""

    latest: str | None
    releases: int
    summary: str
    author: str
    classifiers: list[str]
    project_urls: dict[str, str]
    status: str | None
    first_upload: int | None
    last_upload: int | None
    gone: bool
    serial: int


class PackageAnswer(BaseModel):
    """Everything known of a package.

    ``facts`` are the fields of its latest release's document (see docs/fields.md), ``null`` where
    no followed profile has it; ``advisories`` are ``null`` where nobody looked for any.
    """

    package: str = Field(examples=["flask"])
    name: str = Field(examples=["Flask"])
    profiles: list[str]
    facts: dict[str, Any] | None
    health: Health | None
    advisories: list[dict[str, Any]] | None
    releases: list[dict[str, Any]] | None
    catalog: Catalog | None
    downloads: PackageDownloads | None
    missing: list[str]
    links: dict[str, str]
    meta: Meta | None


class ManyRow(BaseModel):
    """One package of several; ``rank`` is ``null`` without downloads in the month."""

    package: str = Field(examples=["flask"])
    last_day: int
    last_week: int
    last_month: int
    total: int
    rank: int | None
    momentum: float | None


class ManyMeta(Meta):
    """Names of which no download is known."""

    unknown: list[str]


class ManyAnswer(BaseModel):
    """Recent downloads of several packages, in the order asked for."""

    data: list[ManyRow]
    meta: ManyMeta


class ProfileRow(BaseModel):
    """A profile; ``followed`` is ``null`` where the search server does not answer."""

    key: str = Field(examples=["plone"])
    name: str = Field(examples=["Plone"])
    description: str
    classifiers: list[str]
    collection: str
    followed: bool | None
    releases: int | None
    page: str


class ProfilesAnswer(BaseModel):
    """All profiles."""

    data: list[ProfileRow]
    missing: list[str]


class RemarkablePackage(BaseModel):
    """A project with the facts that made it remarkable; ``null`` where one is not known."""

    place: int = Field(examples=[1])
    package: str
    health_score: int
    last_month: int | None
    momentum: float | None
    stars: int | None
    open_issues: int | None
    last_release: date | None
    calculated: datetime | None


class InsightMeta(BaseModel):
    """What the list is of, and when the youngest of its facts was computed."""

    kind: str
    profile: str | None
    calculated: datetime | None


class InsightAnswer(BaseModel):
    """Remarkable projects, the most remarkable first."""

    data: list[RemarkablePackage]
    meta: InsightMeta


class Highlight(BaseModel):
    """Name and summary as escaped HTML, the words found in ``mark`` elements."""

    name: str
    summary: str


class FoundPackage(BaseModel):
    """A project that was found."""

    name: str
    name_normalized: str
    version: str | None
    summary: str | None
    license: str | None
    upload_timestamp: int | None
    download_last_month: int | None
    health_score: int | None
    github_stars: int | None
    is_vulnerable: bool | None
    flags: list[str] | None
    insights: list[str] | None
    highlight: Highlight
    page: str


class FacetValue(BaseModel):
    """A value and how many projects have it."""

    value: str
    count: int
    chosen: bool


class SearchMeta(BaseModel):
    """``hidden`` projects are archived or quarantined; ``old=1`` finds them."""

    profile: str
    found: int
    hidden: int
    page: int
    pages: int
    per_page: int
    sort: str


class SearchAnswer(BaseModel):
    """One page of what was found."""

    data: list[FoundPackage]
    facets: dict[str, list[FacetValue]]
    meta: SearchMeta
    links: dict[str, str]
