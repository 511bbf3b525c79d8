"""GitHub's API as it is asked here: GraphQL with a token, REST without, one request at a time."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import quote

from ...errors import ServiceRefused
from ...http import Fetcher, FetchPolicy, HttpResponse, InvalidBody, UpstreamError
from ...settings import Settings
from . import graphql, rest
from .model import Contributor, RepositoryFacts
from .rate_limits import RateLimiter, message

MAX_BATCH = 100
"""Repositories in one question at the most."""
GROW_AFTER = 3
"""Questions in a row that were answered, after which they may be larger again."""
TRIES = 3
"""How often one repository is asked for alone before it counts as failed."""
TRANSIENT_STATUSES = frozenset({408, 425, 500, 502, 503, 504})
TOO_LONG = (502, 504)
"""How GraphQL says that a question took too long."""
MAX_REFUSALS = 4
"""Waits for a limit in a row, after which the next answer has to be another one."""


@dataclass
class LookupResult:
    """What was learned of some repositories, by the names that were asked for.

    ``missing`` lead nowhere: deleted, private, blocked by law. Of ``failed`` nothing is known.
    """

    found: dict[str, RepositoryFacts] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)


def _silent(_seconds: float) -> None:
    return None


class GitHubClient:
    """Use as ``async with GitHub(settings) as github``.

    A limit that lasts longer than ``longest_wait`` seconds raises ``LimitReached``; ``told`` is
    called before a shorter one is waited for. Raises ``ServiceRefused`` where the token is not
    taken and ``UpstreamError`` where GitHub is away.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        longest_wait: float = 0.0,
        told: Callable[[float], None] = _silent,
    ) -> None:
        self.has_token = bool(settings.github_token)
        self.gate = RateLimiter(longest_wait, told)
        self._at_once = MAX_BATCH
        self._answered = 0
        self._headers = _headers(settings.github_token)
        rest_policy = FetchPolicy(
            workers=1, delay=settings.github_request_delay, retry_statuses=TRANSIENT_STATUSES
        )
        # A question that takes too long is asked again in halves, not as it is.
        policy = FetchPolicy(workers=1, retry_statuses=TRANSIENT_STATUSES - set(TOO_LONG))
        base, contact = settings.github_api_url, settings.pyf_contact
        self._rest = Fetcher(base, rest_policy, contact=contact)
        self._graphql = Fetcher(base, policy, contact=contact)

    async def __aenter__(self) -> Self:
        await self._rest.__aenter__()
        await self._graphql.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._graphql.__aexit__(kind, error, trace)
        await self._rest.__aexit__(kind, error, trace)

    @property
    def requests(self) -> int:
        """Requests sent so far."""
        return self._rest.traffic.requests + self._graphql.traffic.requests

    async def look_up(
        self, names: Sequence[str], known: Mapping[str, RepositoryFacts] | None = None
    ) -> AsyncIterator[LookupResult]:
        """Yield what is learned of repositories (``owner/name``), in parts as it comes.

        ``known`` are facts with an ETag, of those that need not be sent again unless they changed.
        """
        if self.has_token:
            async for looked in self._query_batches(names):
                yield looked
        else:
            for name in names:
                yield await self.look_up_one(name, (known or {}).get(name))

    async def look_up_one(self, name: str, known: RepositoryFacts | None = None) -> LookupResult:
        """Look one repository up over REST; its name may be an old one."""
        headers = {"If-None-Match": known.etag} if known and known.etag else {}
        moment = dt.datetime.now(dt.UTC)
        try:
            answer = await self._get(f"/repos/{_path(name)}", headers)
            if answer.status == 304 and known:
                return LookupResult({name: dataclasses.replace(known, fetched=moment)})
            if answer.status in (404, 410, 451):
                return LookupResult(missing={name})
            if answer.status != 200:
                return LookupResult(failed={name: _error_message(answer)})
            return LookupResult(
                {name: rest.facts(answer.body, answer.headers.get("ETag", ""), moment)}
            )
        except InvalidBody as error:
            return LookupResult(failed={name: str(error)})

    async def raw(self, name: str) -> Mapping[str, object] | None:
        """GitHub's own words about a repository, to show them; None where it leads nowhere."""
        answer = await self._get(f"/repos/{_path(name)}", {})
        return rest.raw(answer.body) if answer.status == 200 else None

    async def contributors(self, full_name: str) -> tuple[Contributor, ...] | None:
        """Those who contributed most; None where GitHub does not tell, as for giant histories."""
        query = f"?per_page={rest.MAX_CONTRIBUTORS}"
        answer = await self._get(f"/repos/{_path(full_name)}/contributors{query}", {})
        return rest.contributors(answer.body) if answer.status in (200, 204) else None

    async def _get(self, path: str, headers: Mapping[str, str]) -> HttpResponse:
        for _ in range(MAX_REFUSALS):
            await self.gate.wait()
            answer = await self._rest.get(path, headers={**self._headers, **headers}, check=_same)
            if not self.gate.read_headers(answer):
                return self._accept_answer(answer)
        raise UpstreamError(self._rest.base, f"it goes on refusing: {_error_message(answer)}")

    async def _query_batches(self, names: Sequence[str]) -> AsyncIterator[LookupResult]:
        waiting = list(names)
        tries: dict[str, int] = {}
        while waiting:
            batch = waiting[: self._at_once]
            reading = await self._ask(batch)
            waiting = waiting[len(batch) :]
            again, failed = self._next_batch(reading, tries)
            waiting = again + waiting
            yield LookupResult(reading.found, reading.missing, failed)

    async def _ask(self, names: Sequence[str]) -> graphql.GraphQLResult:
        body = graphql.build_query(names)
        headers = {**self._headers, "Content-Type": "application/json"}
        for _ in range(MAX_REFUSALS):
            await self.gate.wait()
            answer = await self._graphql.post("/graphql", body, headers=headers, check=_same)
            if self.gate.read_headers(answer):
                continue
            if answer.status in TOO_LONG:
                told = dict.fromkeys(names, f"HTTP status {answer.status}")
                return graphql.GraphQLResult(unanswered=told, too_much=True)
            reading = self._read(self._accept_answer(answer), names)
            if not reading.limited:
                return reading
            self.gate.record_refusal(answer.headers)
        raise UpstreamError(self._graphql.base, "it goes on telling of its limit")

    def _read(self, answer: HttpResponse, names: Sequence[str]) -> graphql.GraphQLResult:
        if answer.status != 200:
            raise UpstreamError(answer.url, _error_message(answer))
        reading = graphql.read_response(answer.body, names, dt.datetime.now(dt.UTC))
        if reading.remaining is not None and reading.remaining < reading.cost:
            self.gate.close_until(reading.reset)
        return reading

    def _next_batch(
        self, reading: graphql.GraphQLResult, tries: dict[str, int]
    ) -> tuple[list[str], dict[str, str]]:
        """Size what follows; return what to ask for again, and what to give up."""
        self._resize(too_much=reading.too_much)
        again, failed = [], {}
        for name, reason in reading.unanswered.items():
            # Together with others is no fair try: it may have been their fault.
            alone = len(reading.unanswered) == 1 and not reading.found and not reading.missing
            tries[name] = tries.get(name, 0) + (alone or not reading.too_much)
            if tries[name] >= TRIES:
                failed[name] = reason
            else:
                again.append(name)
        return again, failed

    def _resize(self, *, too_much: bool) -> None:
        """Halve the size of the questions at once, double it after some that were answered."""
        self._answered += 1
        if too_much:
            self._at_once, self._answered = max(1, self._at_once // 2), 0
        elif self._answered >= GROW_AFTER:
            self._at_once, self._answered = min(MAX_BATCH, self._at_once * 2), 0

    def _accept_answer(self, answer: HttpResponse) -> HttpResponse:
        if answer.status == 401:
            raise ServiceRefused(f"GitHub does not take GITHUB_TOKEN: {_error_message(answer)}")
        return answer


def _headers(token: str | None) -> dict[str, str]:
    headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    return headers | ({"Authorization": f"Bearer {token}"} if token else {})


def _same(answer: HttpResponse) -> HttpResponse:
    return answer


def _path(name: str) -> str:
    return quote(name, safe="/")


def _error_message(answer: HttpResponse) -> str:
    told = message(answer.body)
    return f"HTTP status {answer.status}" + (f": {told}" if told else "")
