"""Reads GraphQL's query language, as much of it as questions about repositories use."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:\#[^\n]*\n\s*|,\s*)*
    (?P<token>[{}()\[\]:!=$] | \.\.\. | "(?:[^"\\\n]|\\.)*" | -?\d+ | [_A-Za-z]\w*)""",
    re.VERBOSE,
)


class GraphQLSyntaxError(ValueError):
    """The text is no query."""


@dataclass(frozen=True)
class GraphQLField:
    """A field that is asked for; ``alias`` is its name where none was given."""

    name: str
    alias: str
    arguments: Mapping[str, Any]
    fields: tuple[GraphQLField, ...] = ()


@dataclass
class _GraphQLParser:
    text: str
    variables: Mapping[str, Any]
    at: int = 0
    fragments: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    def peek(self) -> str:
        match = _TOKEN.match(self.text, self.at)
        if match is None and self.text[self.at :].strip(" \n\r\t,"):
            raise GraphQLSyntaxError(f"Parse error at {self.text[self.at : self.at + 20]!r}")
        return match["token"] if match else ""

    def take(self, wanted: str = "") -> str:
        token = self.peek()
        if not token or (wanted and token != wanted):
            raise GraphQLSyntaxError(
                f"Expected {wanted or 'more'}, actual: {token or 'end of query'}"
            )
        match = _TOKEN.match(self.text, self.at)
        self.at = match.end() if match else len(self.text)
        return token

    def skip_definitions(self) -> None:
        """Pass over the declarations of variables, whose values are given beside."""
        while self.take() != ")":
            continue

    def selections(self) -> tuple[Any, ...]:
        self.take("{")
        found: list[Any] = []
        while self.peek() != "}":
            if self.peek() == "...":
                self.take()
                found.append(self.take())
            else:
                found.append(self.selection())
        self.take("}")
        return tuple(found)

    def selection(self) -> GraphQLField:
        alias = name = self.take()
        if self.peek() == ":":
            self.take()
            name = self.take()
        arguments = self.arguments() if self.peek() == "(" else {}
        inner = self.selections() if self.peek() == "{" else ()
        return GraphQLField(name, alias, arguments, inner)

    def arguments(self) -> dict[str, Any]:
        self.take("(")
        found = {}
        while self.peek() != ")":
            name = self.take()
            self.take(":")
            found[name] = self.value()
        self.take(")")
        return found

    def value(self) -> Any:
        token = self.take()
        if token == "$":  # noqa: S105 - a token of a language
            return self.variables.get(self.take())
        if token == "[":  # noqa: S105
            items = []
            while self.peek() != "]":
                items.append(self.value())
            self.take("]")
            return items
        if token[0] == '"' or token.lstrip("-").isdigit():
            return json.loads(token)
        return {"true": True, "false": False, "null": None}.get(token, token)


def parse(text: str, variables: Mapping[str, Any]) -> tuple[GraphQLField, ...]:
    """The fields that a query asks for, fragments put in; ``GraphQLSyntaxError`` where it is
    none.
    """
    reader = _GraphQLParser(text, variables)
    asked: tuple[Any, ...] = ()
    while token := reader.peek():
        if token == "fragment":  # noqa: S105
            reader.take()
            name = reader.take()
            reader.take("on")
            reader.take()
            reader.fragments[name] = reader.selections()
            continue
        while reader.peek() not in ("{", "", "("):
            reader.take()
        if reader.peek() == "(":
            reader.skip_definitions()
        asked = reader.selections()
    if not asked:
        raise GraphQLSyntaxError("A query asks for something")
    return _expand_fragments(asked, reader.fragments)


def _expand_fragments(
    items: tuple[Any, ...], fragments: Mapping[str, tuple[Any, ...]]
) -> tuple[GraphQLField, ...]:
    found: list[GraphQLField] = []
    for item in items:
        if isinstance(item, str):
            if item not in fragments:
                raise GraphQLSyntaxError(f"Fragment {item} was used, but not defined")
            found += _expand_fragments(fragments[item], fragments)
        else:
            inner = _expand_fragments(item.fields, fragments)
            found.append(GraphQLField(item.name, item.alias, item.arguments, inner))
    return tuple(found)
