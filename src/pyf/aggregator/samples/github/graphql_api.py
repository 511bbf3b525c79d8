"""Answers GraphQL questions about repositories, with the cost that GitHub would state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .graphql_parser import GraphQLField, GraphQLSyntaxError, parse
from .repositories import SampleRepositories, as_graphql

CONNECTIONS = frozenset({"watchers", "issues", "pullRequests", "repositoryTopics"})


@dataclass(frozen=True)
class GraphQLQuery:
    """A question that was understood; ``cost`` are its points."""

    fields: tuple[GraphQLField, ...]

    @property
    def repositories(self) -> int:
        """How many repositories it asks for."""
        return sum(field.name == "repository" for field in self.fields)

    @property
    def cost(self) -> int:
        """GitHub's measure: a point for a hundred connections, one at the least."""
        connections = sum(inner.name in CONNECTIONS for one in self.fields for inner in one.fields)
        return max(1, round((self.repositories + connections) / 100))


def parse_request(body: Mapping[str, Any]) -> GraphQLQuery:
    """Read a question; ``GraphQLSyntaxError`` where it is none."""
    query, variables = body.get("query"), body.get("variables") or {}
    if not isinstance(query, str) or not isinstance(variables, Mapping):
        raise GraphQLSyntaxError("A query attribute must be specified and must be a string.")
    return GraphQLQuery(parse(query, variables))


def execute(
    question: GraphQLQuery, world: SampleRepositories, limit: Mapping[str, Any], most: int | None
) -> dict[str, Any]:
    """The body of the answer. Beyond ``most`` repositories it says that its resources are spent."""
    data: dict[str, Any] = {}
    errors: list[dict[str, Any]] = []
    answered = 0
    for field in question.fields:
        try:
            if field.name == "rateLimit":
                data[field.alias] = select(limit, field.fields)
            elif field.name == "repository":
                answered += 1
                spent = most is not None and answered > most
                data[field.alias] = None if spent else _repository(field, world)
                if data[field.alias] is None:
                    errors.append(_resources_exceeded(field) if spent else _not_found(field))
            else:
                raise GraphQLSyntaxError(f"Field '{field.name}' doesn't exist on type 'Query'")
        except GraphQLSyntaxError as problem:
            # A question with a mistake is answered by nothing but the mistake.
            return syntax_error(str(problem))
    return {"data": data, **({"errors": errors} if errors else {})}


def syntax_error(text: str) -> dict[str, Any]:
    """The answer to a question with a mistake in it."""
    return {"errors": [{"message": text, "type": "undefinedField"}]}


def select(value: Any, fields: Sequence[GraphQLField]) -> Any:
    """What is asked for of a value."""
    if isinstance(value, list):
        return [select(item, fields) for item in value]
    if not isinstance(value, Mapping):
        return value
    if not fields:
        raise GraphQLSyntaxError("Field must have selections")
    found = {}
    for field in fields:
        if field.name not in value:
            raise GraphQLSyntaxError(f"Field '{field.name}' doesn't exist")
        found[field.alias] = select(value[field.name], field.fields)
    return found


def _repository(field: GraphQLField, world: SampleRepositories) -> Any:
    owner, name = field.arguments.get("owner"), field.arguments.get("name")
    repo = world.find(f"{owner}/{name}")
    return select(as_graphql(repo), field.fields) if repo else None


def _not_found(field: GraphQLField) -> dict[str, Any]:
    owner, name = field.arguments.get("owner"), field.arguments.get("name")
    return {
        "type": "NOT_FOUND",
        "path": [field.alias],
        "message": f"Could not resolve to a Repository with the name '{owner}/{name}'.",
    }


def _resources_exceeded(field: GraphQLField) -> dict[str, Any]:
    return {
        "type": "RESOURCE_LIMITS_EXCEEDED",
        "path": [field.alias],
        "message": "Resource limits for this query exceeded.",
    }
