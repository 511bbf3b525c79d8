"""Answers GraphQL questions about repositories, with the cost that GitHub would state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .query import Field, SyntaxProblem, parse
from .world import World, as_graph

CONNECTIONS = frozenset({"watchers", "issues", "pullRequests", "repositoryTopics"})


@dataclass(frozen=True)
class Question:
    """A question that was understood; ``cost`` are its points."""

    fields: tuple[Field, ...]

    @property
    def repositories(self) -> int:
        """How many repositories it asks for."""
        return sum(field.name == "repository" for field in self.fields)

    @property
    def cost(self) -> int:
        """GitHub's measure: a point for a hundred connections, one at the least."""
        connections = sum(inner.name in CONNECTIONS for one in self.fields for inner in one.fields)
        return max(1, round((self.repositories + connections) / 100))


def understand(body: Mapping[str, Any]) -> Question:
    """Read a question; ``SyntaxProblem`` where it is none."""
    query, variables = body.get("query"), body.get("variables") or {}
    if not isinstance(query, str) or not isinstance(variables, Mapping):
        raise SyntaxProblem("A query attribute must be specified and must be a string.")
    return Question(parse(query, variables))


def answer(
    question: Question, world: World, limit: Mapping[str, Any], most: int | None
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
                    errors.append(_spent(field) if spent else _not_found(field))
            else:
                raise SyntaxProblem(f"Field '{field.name}' doesn't exist on type 'Query'")
        except SyntaxProblem as problem:
            # A question with a mistake is answered by nothing but the mistake.
            return refused(str(problem))
    return {"data": data, **({"errors": errors} if errors else {})}


def refused(text: str) -> dict[str, Any]:
    """The answer to a question with a mistake in it."""
    return {"errors": [{"message": text, "type": "undefinedField"}]}


def select(value: Any, fields: Sequence[Field]) -> Any:
    """What is asked for of a value."""
    if isinstance(value, list):
        return [select(item, fields) for item in value]
    if not isinstance(value, Mapping):
        return value
    if not fields:
        raise SyntaxProblem("Field must have selections")
    found = {}
    for field in fields:
        if field.name not in value:
            raise SyntaxProblem(f"Field '{field.name}' doesn't exist")
        found[field.alias] = select(value[field.name], field.fields)
    return found


def _repository(field: Field, world: World) -> Any:
    owner, name = field.arguments.get("owner"), field.arguments.get("name")
    repo = world.find(f"{owner}/{name}")
    return select(as_graph(repo), field.fields) if repo else None


def _not_found(field: Field) -> dict[str, Any]:
    owner, name = field.arguments.get("owner"), field.arguments.get("name")
    return {
        "type": "NOT_FOUND",
        "path": [field.alias],
        "message": f"Could not resolve to a Repository with the name '{owner}/{name}'.",
    }


def _spent(field: Field) -> dict[str, Any]:
    return {
        "type": "RESOURCE_LIMITS_EXCEEDED",
        "path": [field.alias],
        "message": "Resource limits for this query exceeded.",
    }
