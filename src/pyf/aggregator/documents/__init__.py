"""Metadata of a registry in, documents for the search server out; nothing here does I/O."""

from __future__ import annotations

from .build import (
    BuiltDocument,
    InvalidMetadata,
    ProjectFacts,
    build_document,
    carried_facts,
    document_id,
    files_digest,
)
from .field_values import FieldProblem, clean_document
from .fields import (
    FIELDS,
    DocumentField,
    SchemaDifference,
    collection_schema,
    fingerprint,
    schema_differences,
)
from .versions import VersionParts, sort_key, version_parts, version_sortable

__all__ = [
    "FIELDS",
    "BuiltDocument",
    "DocumentField",
    "FieldProblem",
    "InvalidMetadata",
    "ProjectFacts",
    "SchemaDifference",
    "VersionParts",
    "build_document",
    "carried_facts",
    "clean_document",
    "collection_schema",
    "document_id",
    "files_digest",
    "fingerprint",
    "schema_differences",
    "sort_key",
    "version_parts",
    "version_sortable",
]
