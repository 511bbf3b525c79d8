"""Collections' schemas: fields, their validation, and how they are shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from .errors import bad_request, unsupported_feature

NUMBER_TYPES = frozenset({"int32", "int64", "float", "bool"})
SCALAR_TYPES = NUMBER_TYPES | {"string"}
GEO_TYPES = frozenset({"geopoint", "geopoint[]", "geopolygon"})
FIELD_TYPES = (
    SCALAR_TYPES
    | {name + "[]" for name in SCALAR_TYPES}
    | GEO_TYPES
    | {"object", "object[]", "auto", "string*", "image"}
)
FIELDS_SHAPE = (
    "The `fields` value should be an array of objects containing `name`, `type` and optionally, "
    "`facet` properties."
)
WRONG_FIELD = (
    "Wrong format for `fields`. It should be an array of objects containing `name`, `type`, "
    "`optional` and `facet` properties."
)
NESTED_NEEDED = (
    "Type `object` or `object[]` can be used only when nested fields are enabled by setting"
    "` enable_nested_fields` to true."
)
# Languages that do not put spaces between words.
WITHOUT_SPACES = frozenset({"ja", "zh", "th", "ko", "km", "lo", "my"})
BOOLEAN_PROPERTIES = ("facet", "optional", "index", "sort", "infix", "store", "stem")


@dataclass(frozen=True)
class SchemaField:
    """One field of a collection; ``optional`` None in no case: defaults are filled in."""

    name: str
    type: str
    facet: bool = False
    optional: bool = False
    index: bool = True
    sort: bool = False
    infix: bool = False
    locale: str = ""
    store: bool = True
    stem: bool = False
    stem_dictionary: str = ""
    range_index: bool = False
    num_dim: int = 0
    token_separators: tuple[str, ...] = ()
    symbols_to_index: tuple[str, ...] = ()

    @cached_property
    def is_array(self) -> bool:
        return self.type.endswith("[]")

    @cached_property
    def base_type(self) -> str:
        return self.type.removesuffix("[]")

    @cached_property
    def is_string(self) -> bool:
        return self.type in ("string", "string[]")

    @cached_property
    def is_number(self) -> bool:
        """True for what is kept as numbers, booleans among them; vectors are not."""
        return self.base_type in NUMBER_TYPES and not self.num_dim

    @cached_property
    def is_object(self) -> bool:
        return self.base_type == "object"

    @cached_property
    def is_dynamic(self) -> bool:
        """True for a rule that makes fields when documents come, rather than a field."""
        return ".*" in self.name or self.type in ("auto", "string*")

    @cached_property
    def is_text(self) -> bool:
        """True where values are cut into tokens that searches and filters look up."""
        return self.is_string and self.index and not self.is_dynamic

    @cached_property
    def is_column(self) -> bool:
        """True where values are kept in memory for filters, facets, groups or sorting."""
        if not self.index or self.is_dynamic:
            return False
        return self.is_number or (self.is_string and (self.facet or self.sort))

    def as_json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "facet": self.facet,
            "index": self.index,
            "infix": self.infix,
            "locale": self.locale,
            "name": self.name,
            "optional": self.optional,
            "sort": self.sort,
            "stem": self.stem,
            "stem_dictionary": self.stem_dictionary,
            "store": self.store,
            "type": self.type,
        }
        if self.range_index:
            shown["range_index"] = True
        if self.num_dim:
            shown |= {"num_dim": self.num_dim, "vec_dist": "cosine"}
        if self.token_separators:
            shown["token_separators"] = list(self.token_separators)
        if self.symbols_to_index:
            shown["symbols_to_index"] = list(self.symbols_to_index)
        return shown

    def as_change_json(self) -> dict[str, Any]:
        """The longer form in which the answer to an alteration repeats an added field."""
        nested = self.is_object or "." in self.name.replace(".*", "")
        return self.as_json() | {
            "async_reference": False,
            "embed": None,
            "hnsw_params": {"M": 16, "ef_construction": 200},
            "nested": nested,
            "nested_array": 2 if nested else 0,
            "num_dim": self.num_dim,
            "range_index": self.range_index,
            "reference": "",
            "symbols_to_index": list(self.symbols_to_index),
            "token_separators": list(self.token_separators),
            "vec_dist": "cosine",
        }


@dataclass(frozen=True)
class CollectionSchema:
    """What a collection was created with; altered by replacing it as a whole."""

    name: str
    fields: tuple[SchemaField, ...]
    default_sorting_field: str = ""
    token_separators: tuple[str, ...] = ()
    symbols_to_index: tuple[str, ...] = ()
    enable_nested_fields: bool = False
    metadata: Mapping[str, Any] | None = None
    created_at: int = 0
    by_name: Mapping[str, SchemaField] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        by_name = {one.name: one for one in self.fields if not one.is_dynamic}
        object.__setattr__(self, "by_name", by_name)

    @cached_property
    def dynamic(self) -> tuple[SchemaField, ...]:
        return tuple(one for one in self.fields if one.is_dynamic)

    @cached_property
    def objects(self) -> tuple[SchemaField, ...]:
        """The indexed fields whose values are objects."""
        return tuple(one for one in self.by_name.values() if one.is_object and one.index)

    @property
    def fallback_type(self) -> str:
        """The type of the rule ``.*``, empty without one."""
        return next((one.type for one in self.fields if one.name == ".*"), "")

    def match_field_names(self, pattern: str) -> list[str]:
        """Names of the fields a pattern such as ``title`` or ``people.*`` stands for."""
        if "*" not in pattern:
            return [pattern]
        prefix = pattern.split("*", 1)[0]
        return [name for name in self.by_name if name.startswith(prefix)]

    def with_fields(self, fields: Iterable[SchemaField]) -> CollectionSchema:
        return replace(self, fields=tuple(fields))

    def as_json(self, num_documents: int) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "created_at": self.created_at,
            "default_sorting_field": self.default_sorting_field,
            "enable_nested_fields": self.enable_nested_fields,
            "fields": [one.as_json() for one in self.fields],
            "name": self.name,
            "num_documents": num_documents,
            "symbols_to_index": list(self.symbols_to_index),
            "token_separators": list(self.token_separators),
        }
        if self.metadata is not None:
            shown["metadata"] = dict(self.metadata)
        return shown


def parse_schema(body: Mapping[str, Any], *, created_at: int) -> CollectionSchema:
    """The schema a request to create a collection asks for; 400 with the reason otherwise."""
    name = body.get("name")
    if name is None:
        raise bad_request("Parameter `name` is required.")
    if not isinstance(name, str) or not name:
        raise bad_request("Parameter `name` must be a non-empty string.")
    if "fields" not in body:
        raise bad_request("Parameter `fields` is required.")
    nested = _boolean(body, "enable_nested_fields", f"Parameter `{'enable_nested_fields'}`")
    metadata = body.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        raise bad_request("The `metadata` value should be an object.")
    default_sorting_field = body.get("default_sorting_field", "")
    if not isinstance(default_sorting_field, str):
        raise bad_request("`default_sorting_field` should be a string.")
    schema = CollectionSchema(
        name=name,
        fields=_parse_fields(body["fields"], nested=nested),
        default_sorting_field=default_sorting_field,
        token_separators=_symbols(body, "token_separators"),
        symbols_to_index=_symbols(body, "symbols_to_index"),
        enable_nested_fields=nested,
        metadata=metadata,
        created_at=created_at,
    )
    _check_default_sorting_field(schema)
    return schema


def parse_field(given: Any, *, nested: bool) -> SchemaField:
    """One field of a schema, its defaults filled in."""
    if not isinstance(given, dict) or not all(
        isinstance(given.get(key), str) for key in ("name", "type")
    ):
        raise bad_request(WRONG_FIELD)
    name, kind = given["name"], given["type"]
    if "drop" in given:
        raise bad_request(
            f"Invalid property `drop` on field `{name}`: it is allowed only during schema update."
        )
    for key in BOOLEAN_PROPERTIES:
        if not isinstance(given.get(key, False), bool):
            raise bad_request(f"The `{key}` property of the field `{name}` should be a boolean.")
    _refuse_unsupported(given)
    if kind not in FIELD_TYPES:
        raise bad_request(
            f"Field `{name}` has an invalid data type `{kind}`, see docs for supported data types."
        )
    if kind.removesuffix("[]") == "object" and not nested:
        raise bad_request(NESTED_NEEDED)
    return _check_field(_build_field(given))


def field_from_json(stored: Mapping[str, Any]) -> SchemaField:
    """A field as :meth:`Field.as_json` wrote it."""
    return _build_field(stored)


def _build_field(given: Mapping[str, Any]) -> SchemaField:
    name, kind = given["name"], given["type"]
    dynamic = ".*" in name or kind in ("auto", "string*")
    return SchemaField(
        name=name,
        type=kind,
        facet=given.get("facet", False),
        optional=given.get("optional", dynamic),
        index=given.get("index", True),
        sort=given.get("sort", kind in NUMBER_TYPES or kind == "geopoint"),
        infix=given.get("infix", False),
        locale=given.get("locale", ""),
        store=given.get("store", True),
        stem=given.get("stem", False),
        stem_dictionary=given.get("stem_dictionary", ""),
        range_index=given.get("range_index", False),
        num_dim=given.get("num_dim", 0),
        token_separators=_symbols(given, "token_separators"),
        symbols_to_index=_symbols(given, "symbols_to_index"),
    )


def _check_field(made: SchemaField) -> SchemaField:
    if made.name == ".*":
        if not made.optional:
            raise bad_request("Field `.*` must be an optional field.")
        if made.facet:
            raise bad_request("Field `.*` cannot be a facet field.")
        if not made.index:
            raise bad_request("Field `.*` must be an index field.")
    elif not made.index and not made.optional:
        raise bad_request(
            f"Field `{made.name}` must be optional since it is marked as non-indexable."
        )
    elif not made.index and made.facet:
        raise bad_request(
            f"Field `{made.name}` cannot be a facet since it's marked as non-indexable."
        )
    return made


def _refuse_unsupported(given: Mapping[str, Any]) -> None:
    if given.get("embed"):
        raise unsupported_feature(f"Automatic embedding (field `{given['name']}`)")
    if given.get("stem") or given.get("stem_dictionary"):
        raise unsupported_feature(f"Stemming (field `{given['name']}`)")
    if given.get("locale") in WITHOUT_SPACES:
        raise unsupported_feature(f"The locale of field `{given['name']}`")
    if given.get("reference"):
        raise unsupported_feature(f"A reference to another collection (field `{given['name']}`)")


def _parse_fields(given: Any, *, nested: bool) -> tuple[SchemaField, ...]:
    if not isinstance(given, list) or not given:
        raise bad_request(FIELDS_SHAPE)
    made: dict[str, SchemaField] = {}
    for one in given:
        if isinstance(one, dict) and one.get("name") == "id":
            continue
        parsed = parse_field(one, nested=nested)
        if parsed.name in made:
            raise bad_request(f"There are duplicate field names in the schema: `{parsed.name}`.")
        made[parsed.name] = parsed
    return tuple(made.values())


def _check_default_sorting_field(schema: CollectionSchema) -> None:
    name = schema.default_sorting_field
    if not name:
        return
    sorting = schema.by_name.get(name)
    if sorting is None:
        raise bad_request(
            f"Default sorting field is defined as `{name}` but is not found in the schema."
        )
    if sorting.optional:
        raise bad_request(f"Default sorting field `{name}` cannot be an optional field.")
    if sorting.type not in ("int32", "int64", "float") and not (
        sorting.type == "string" and sorting.sort
    ):
        raise bad_request(
            f"Default sorting field `{name}` must be a single valued numerical field."
        )


def _symbols(given: Mapping[str, Any], key: str) -> tuple[str, ...]:
    symbols = given.get(key, [])
    if not isinstance(symbols, list):
        raise bad_request(f"Parameter `{key}` must be an array of character symbols.")
    if not all(isinstance(one, str) and len(one) == 1 for one in symbols):
        raise bad_request(f"{key} should be an array of character symbols.")
    return tuple(symbols)


def _boolean(given: Mapping[str, Any], key: str, subject: str) -> bool:
    value = given.get(key, False)
    if not isinstance(value, bool):
        raise bad_request(f"{subject} must be a boolean.")
    return value


def rule_for(schema: CollectionSchema, name: str) -> SchemaField | None:
    """The dynamic rule that decides about a document's unknown key: the first that matches."""
    fallback = None
    for rule in schema.dynamic:
        if rule.name == ".*":
            fallback = rule
        elif rule.name == name or (".*" in rule.name and re.fullmatch(rule.name, name)):
            return rule
    return fallback
