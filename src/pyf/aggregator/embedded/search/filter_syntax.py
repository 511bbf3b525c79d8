"""``filter_by``: from the string to a tree of conditions, with Typesense's rules and sentences.

``&&`` and ``||`` bind alike and are read from left to right, as Typesense does it. A malformed
filter is refused with 400.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import ApiError, bad_request, unsupported_feature
from .schema import CollectionSchema, SchemaField
from .values import INT32_MAX, INT64_MAX, INT64_MIN, INTEGER

MAX_OPERATIONS = 100
FLOAT = re.compile(r"[-+]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?")
UNPARSED = "Could not parse the filter query."
UNBALANCED = "Could not parse the filter query: unbalanced parentheses."
NO_COMPARATOR = "Numerical field has an invalid comparator."
COMPARATORS = ("<=", ">=", "!=", "<", ">")


@dataclass(frozen=True)
class NumberComparison:
    """One test of a number: an operator and its operand, or ``..`` with both bounds."""

    operator: str
    low: float
    high: float = 0


@dataclass(frozen=True)
class NumberTest:
    """Holds where a value of the field passes one of the comparisons (or none, negated)."""

    field: SchemaField
    comparisons: tuple[NumberComparison, ...]
    negated: bool = False


@dataclass(frozen=True)
class TextTest:
    """Holds where the field contains (``exact``: equals) one of the values (or none, negated)."""

    field: SchemaField
    values: tuple[str, ...]
    exact: bool
    negated: bool = False


@dataclass(frozen=True)
class IdTest:
    """Holds for documents with one of the ids (or none of them); ``*`` stands for all."""

    ids: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True)
class BooleanOperation:
    """Two filters joined by ``&&`` or ``||``."""

    operator: str
    left: FilterNode
    right: FilterNode


FilterNode = NumberTest | TextTest | IdTest | BooleanOperation


def parse_filter(schema: CollectionSchema, text: str) -> FilterNode | None:
    """The tree of a ``filter_by``; None for an empty one."""
    if not text.strip():
        return None
    postfix = _to_postfix(_tokens(text))
    if len(postfix) > MAX_OPERATIONS:
        raise bad_request(
            f"`filter_by` has too many operations. Maximum allowed: {MAX_OPERATIONS}. Use "
            "`--filter-by-max-ops` command line argument to customize this value."
        )
    return _build_tree(schema, postfix)


def split_values(text: str) -> list[str]:
    """Values between commas; backticks protect what is inside them and are taken away."""
    values, current, quoted = [], "", False
    for character in text:
        if character == "`":
            quoted = not quoted
        elif character == "," and not quoted:
            values.append(current.strip())
            current = ""
        else:
            current += character
    values.append(current.strip())
    return [value for value in values if value]


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    while at < len(text):
        character = text[at]
        if character == " ":
            at += 1
        elif character in "()":
            tokens.append(character)
            at += 1
        elif character in "&|":
            if text[at : at + 2] != character * 2:
                raise bad_request("Could not parse the filter filter_query.")
            tokens.append(character * 2)
            at += 2
        else:
            end = _expression_end(text, at)
            tokens.append(text[at:end].strip())
            at = end
    return [token for token in tokens if token]


def _expression_end(text: str, start: int) -> int:
    """Where a ``field:value`` ends: at an operator or parenthesis outside of backticks."""
    if text[start] == "$" or text.startswith("!$", start):
        raise unsupported_feature("Filtering by another collection (a join)")
    quoted, value_begins, in_point = False, False, False
    at = start
    while True:
        if text[at] == ":":
            value_begins = True
        in_point = in_point and text[at] != ")"
        at += 1
        if at >= len(text):
            return at
        character = text[at]
        quoted = quoted != (character == "`")
        if value_begins and character == "(":
            in_point, value_begins = True, False
        elif value_begins and character != " ":
            value_begins = False
        if not (quoted or in_point) and (character in "()" or text[at : at + 2] in ("&&", "||")):
            return at


def _to_postfix(tokens: list[str]) -> list[str]:
    postfix: list[str] = []
    waiting: list[str] = []
    for one in tokens:
        if one == "(":
            waiting.append(one)
        elif one in ("&&", "||", ")"):
            while waiting and waiting[-1] != "(":
                postfix.append(waiting.pop())
            if one != ")":
                waiting.append(one)
            elif waiting:
                waiting.pop()
            else:
                raise bad_request(UNBALANCED)
        else:
            postfix.append(one)
    if "(" in waiting:
        raise bad_request(UNBALANCED)
    return postfix + waiting[::-1]


def _build_tree(schema: CollectionSchema, postfix: list[str]) -> FilterNode:
    nodes: list[FilterNode] = []
    for token in postfix:
        if token not in ("&&", "||"):
            nodes.append(_condition(schema, token))
            continue
        if len(nodes) < 2:
            raise bad_request(f"Could not parse the filter query: unbalanced `{token}` operands.")
        right = nodes.pop()
        nodes.append(BooleanOperation(token, nodes.pop(), right))
    if not nodes:
        raise bad_request("Filter query cannot be empty.")
    return nodes[-1]


def _condition(schema: CollectionSchema, expression: str) -> FilterNode:
    name, colon, value = expression.partition(":")
    name, value = name.strip(), value.strip()
    if not colon:
        raise bad_request(UNPARSED)
    if name == "id":
        return _id_test(value)
    if ".{" in name:
        raise unsupported_feature("Filtering within one object of a list (`field.{...}`)")
    field = schema.by_name.get(name)
    if field is None:
        raise bad_request(f"Could not find a filter field named `{name}` in the schema.")
    if field.num_dim:
        raise bad_request(f"Cannot filter on vector field `{name}`.")
    if field.base_type.startswith("geo"):
        raise unsupported_feature(f"Filtering by place (field `{name}`)")
    if not field.index:
        raise bad_request(f"Cannot filter on non-indexed field `{name}`.")
    return _parser_for(field)(field, value)


def _parser_for(field: SchemaField) -> Callable[[SchemaField, str], FilterNode]:
    if field.is_string:
        return _text_test
    if field.base_type == "bool":
        return _bool_test
    if field.is_number:
        return _number_test
    raise bad_request(
        f"Error with filter field `{field.name}`: Unidentified field data type, see docs for "
        "supported data types."
    )


def _operator(value: str) -> tuple[str, str]:
    """Split a leading ``=``, ``!=`` or ``!`` from a value."""
    for operator in ("=", "!=", "!"):
        if value.startswith(operator):
            return operator, value[len(operator) :].lstrip()
    return "", value


def _in_brackets(value: str) -> bool:
    return len(value) > 1 and value.startswith("[") and value.endswith("]")


def _id_test(value: str) -> IdTest:
    empty = "Error with filter field `id`: Filter value cannot be empty."
    if not value:
        raise bad_request(empty)
    operator, rest = _operator(value)
    if operator == "!":
        operator, rest = "", value
    if not rest:
        raise bad_request(empty)
    if _in_brackets(rest):
        return IdTest(tuple(split_values(rest[1:-1])), negated=operator == "!=")
    ids = split_values(rest)
    if not ids:
        raise bad_request(empty)
    return IdTest((ids[0],), negated=operator == "!=")


def _text_test(field: SchemaField, value: str) -> TextTest:
    operator, rest = _operator(value)
    if not rest:
        raise bad_request(f"Error with filter field `{field.name}`: Filter value cannot be empty.")
    values = split_values(rest[1:-1]) if _in_brackets(rest) else [rest.replace("`", "")]
    return TextTest(
        field, tuple(values), exact=operator in ("=", "!="), negated=operator.startswith("!")
    )


def _bool_test(field: SchemaField, value: str) -> NumberTest:
    operator, rest = _operator(value)
    if not rest:
        raise bad_request(f"Error with filter field `{field.name}`: Filter value cannot be empty.")
    several = _in_brackets(rest)
    values = [one.strip() for one in rest[1:-1].split(",")] if several else [rest]
    if any(one not in ("true", "false") for one in values):
        raise bad_request(
            f"Values of filter field `{field.name}`: must be `true` or `false`."
            if several
            else f"Value of filter field `{field.name}` must be `true` or `false`."
        )
    tests = tuple(NumberComparison("=", float(one == "true")) for one in values)
    return NumberTest(field, tests, negated=operator.startswith("!"))


def _number_test(field: SchemaField, value: str) -> NumberTest:
    if value.startswith("="):
        value = value[1:].lstrip()
    negated = value.startswith("!") and not value.startswith("!=")
    if negated:
        value = value[1:].lstrip()
    if value.startswith("!=") and _in_brackets(value[2:].strip()):
        negated, value = True, value[2:].strip()
    if _in_brackets(value):
        tests = tuple(_comparison(field, one.strip()) for one in value[1:-1].split(","))
    else:
        tests = (_comparison(field, value),)
    if tests[0].operator == "!=" and len(tests) == 1:
        return NumberTest(field, (NumberComparison("=", tests[0].low),), negated=not negated)
    return NumberTest(field, tests, negated=negated)


def _comparison(field: SchemaField, text: str) -> NumberComparison:
    if FLOAT.fullmatch(text):
        return NumberComparison("=", _number(field, text))
    operator = next((one for one in COMPARATORS if text.startswith(one)), "")
    if operator:
        return NumberComparison(operator, _number(field, text[len(operator) :].strip()))
    if ".." not in text:
        raise _field_error(field, NO_COMPARATOR)
    low, _, high = text.partition("..")
    return NumberComparison("..", _number(field, low.strip()), _number(field, high.strip()))


def _number(field: SchemaField, text: str) -> Any:
    if field.base_type == "float":
        if not FLOAT.fullmatch(text):
            raise _field_error(field, "Not a float.")
        return float(text)
    if not INTEGER.fullmatch(text) or not INT64_MIN <= int(text) <= INT64_MAX:
        raise _field_error(field, f"Not an {field.base_type}.")
    number = int(text)
    if field.base_type == "int32" and not -INT32_MAX - 1 <= number <= INT32_MAX:
        raise _field_error(field, f"`{text}` exceeds the range of an int32.")
    return number


def _field_error(field: SchemaField, reason: str) -> ApiError:
    return bad_request(f"Error with filter field `{field.name}`: {reason}")
