"""The sample's web application."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from . import graphql_api
from .graphql_parser import GraphQLSyntaxError
from .rate_limits import GitHubRateLimits, RateLimitWindow
from .repositories import SampleRepositories, SampleRepository, as_rest

DOCUMENTATION = "https://docs.github.com/rest"


@dataclass
class GitHubFaults:
    """What goes wrong. Questions about more than ``most_in_time`` repositories end with a 502;
    of more than ``most_resources`` the rest is not answered; ``outage`` answers 503 to all.
    """

    most_in_time: int | None = None
    most_resources: int | None = None
    outage: bool = False


@dataclass
class SampleGitHub:
    """A sample GitHub; with a ``token`` any other one is refused."""

    world: SampleRepositories = field(default_factory=SampleRepositories)
    quotas: GitHubRateLimits = field(default_factory=GitHubRateLimits)
    token: str = ""
    faults: GitHubFaults = field(default_factory=GitHubFaults)
    counts: Counter[str] = field(default_factory=Counter)

    def application(self) -> Starlette:
        """What a server serves."""
        repo = "/repos/{owner}/{name}"
        return Starlette(
            routes=[
                Route(repo, self.by_name),
                Route("/repositories/{id:int}", self.by_id),
                Route(f"{repo}/contributors", self.contributors),
                Route("/rate_limit", self.rate_limit),
                Route("/graphql", self.graphql, methods=["POST"]),
                Route("/-/control/{action}", self.control, methods=["GET", "POST"]),
            ]
        )

    async def by_name(self, request: Request) -> Response:
        """``/repos/<owner>/<name>``: the repository, or where it went."""
        if refusal := self._refusal(request, "repos"):
            return refusal
        asked = f"{request.path_params['owner']}/{request.path_params['name']}"
        repo = self.world.find(asked)
        if repo is None:
            return self._message_response(request, 404, "Not Found")
        if repo.full_name.lower() != asked.lower():
            place = f"{_base(request)}/repositories/{repo.id}"
            body = {"message": "Moved Permanently", "url": place}
            return self._json(request, body, 301, {"Location": place})
        return self._repository(request, repo)

    async def by_id(self, request: Request) -> Response:
        """``/repositories/<id>``: where renamed ones are found."""
        if refusal := self._refusal(request, "repositories"):
            return refusal
        repo = self.world.by_id(request.path_params["id"])
        return (
            self._repository(request, repo)
            if repo
            else self._message_response(request, 404, "Not Found")
        )

    async def contributors(self, request: Request) -> Response:
        """``/repos/<owner>/<name>/contributors``."""
        if refusal := self._refusal(request, "contributors"):
            return refusal
        repo = self.world.find(f"{request.path_params['owner']}/{request.path_params['name']}")
        if repo is None:
            return self._message_response(request, 404, "Not Found")
        if repo.stars > 10**6:
            text = "The history or contributor list is too large to list contributors for this repo"
            return self._message_response(request, 403, text)
        if not repo.contributors:
            return Response(
                status_code=204, headers=dict(self._spend_core_point(request).headers("core"))
            )
        most = int(request.query_params.get("per_page", "30"))
        people = [_person(login, commits) for login, commits in repo.contributors[:most]]
        return self._json(request, people)

    async def rate_limit(self, request: Request) -> Response:
        """``/rate_limit``: free of charge."""
        core = self._spend_core_point(request)
        rate = {"limit": core.limit, "remaining": core.remaining(), "used": core.used}
        return self._json(request, {"resources": {"core": rate}, "rate": rate})

    async def graphql(self, request: Request) -> Response:
        """``/graphql``."""
        if not _token(request):
            return self._message_response(
                request, 401, "This endpoint requires you to be authenticated."
            )
        try:
            question = graphql_api.parse_request(await request.json())
        except (GraphQLSyntaxError, json.JSONDecodeError, AttributeError) as error:
            return self._json(request, graphql_api.syntax_error(str(error)))
        if refusal := self._refusal(request, "graphql", question.cost):
            return refusal
        most = self.faults.most_in_time
        if most is not None and question.repositories > most:
            return self._message_response(
                request, 502, "Something went wrong while executing your query."
            )
        hour = self.quotas.window_for("graphql", with_token=True)
        limit = {
            "cost": question.cost,
            "limit": hour.limit,
            "remaining": hour.remaining(),
            "used": hour.used,
            "resetAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(hour.reset + 1)),
        }
        body = graphql_api.execute(question, self.world, limit, self.faults.most_resources)
        return JSONResponse(body, headers=dict(hour.headers("graphql")))

    async def control(self, request: Request) -> Response:
        """Set repositories, faults and limits; ask for counts."""
        values = json.loads(await request.body() or b"{}")
        action = request.path_params["action"]
        try:
            return JSONResponse(self.perform(action, values))
        except (KeyError, TypeError) as error:
            return JSONResponse({"error": f"{action}: {error}"}, status_code=400)

    def perform(self, action: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out an action; ``KeyError`` or ``TypeError`` where there is no such one."""
        match action:
            case "put":
                return dataclasses.asdict(self.world.put(**values))
            case "remove":
                self.world.remove(values["name"])
            case "rename":
                self.world.rename(values["name"], values["new"])
            case "set_faults":
                self.faults = dataclasses.replace(self.faults, **values)
            case "set_limits":
                self.quotas.set_limits(values)
            case "reset_stats":
                self.counts.clear()
            case "stats":
                pass
            case _:
                raise KeyError(f"there is no action {action}")
        return {"requests": dict(self.counts), "total": self.counts.total()}

    def _refusal(self, request: Request, kind: str, points: int = 1) -> Response | None:
        """Count a request and say why it is refused, if it is."""
        self.counts[kind] += 1
        token = _token(request)
        if self.faults.outage:
            return Response("no server is available", 503)
        if not request.headers.get("user-agent"):
            return self._message_response(
                request, 403, "Request forbidden by administrative rules."
            )
        if self.token and token and token != self.token:
            return self._message_response(request, 401, "Bad credentials")
        minute = self.quotas.minute_window()
        if not minute.take(1):
            wait = {"Retry-After": str(max(1, round(minute.reset - minute.clock())))}
            text = "You have exceeded a secondary rate limit. Please wait a few minutes."
            return self._message_response(request, 403, text, wait)
        resource = "graphql" if kind == "graphql" else "core"
        hour = self.quotas.window_for(resource, with_token=bool(token))
        if hour.take(points):
            return None
        if resource == "graphql":
            error = {"type": "RATE_LIMITED", "message": "API rate limit already exceeded"}
            return JSONResponse({"errors": [error]}, headers=dict(hour.headers(resource)))
        return self._message_response(
            request, 403, "API rate limit exceeded", hour.headers(resource)
        )

    def _repository(self, request: Request, repo: SampleRepository) -> Response:
        body = as_rest(repo, _base(request))
        digest = hashlib.sha256(repr(repo).encode()).hexdigest()
        etag = f'W/"{digest[:32]}"'
        if request.headers.get("if-none-match") != etag:
            return self._json(request, body, 200, {"ETag": etag})
        if _token(request):
            self._spend_core_point(request).used -= 1  # what did not change is not counted
        headers = {**self._spend_core_point(request).headers("core"), "ETag": etag}
        return Response(status_code=304, headers=headers)

    def _spend_core_point(self, request: Request) -> RateLimitWindow:
        return self.quotas.window_for("core", with_token=bool(_token(request)))

    def _json(
        self, request: Request, body: Any, status: int = 200, more: Mapping[str, str] | None = None
    ) -> Response:
        headers = {**self._spend_core_point(request).headers("core"), **(more or {})}
        return JSONResponse(body, status, headers=headers)

    def _message_response(
        self, request: Request, status: int, text: str, more: Mapping[str, str] | None = None
    ) -> Response:
        body = {"message": text, "documentation_url": DOCUMENTATION, "status": str(status)}
        return self._json(request, body, status, more)


def _person(login: str, commits: int) -> dict[str, Any]:
    avatar = f"https://avatars.githubusercontent.com/{login}?v=4"
    return {"login": login, "avatar_url": avatar, "type": "User", "contributions": commits}


def _token(request: Request) -> str:
    return request.headers.get("authorization", "").partition(" ")[2].strip()


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")
