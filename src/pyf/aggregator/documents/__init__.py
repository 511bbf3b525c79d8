"""Metadata of a registry in, documents for the search server out; nothing here does I/O."""

from __future__ import annotations

from .build import (
    BadMetadata,
    Built,
    ProjectFacts,
    build_document,
    carried_facts,
    document_id,
    files_digest,
)
from .cleaning import Problem, clean
from .fields import (
    FIELDS,
    Difference,
    Field,
    collection_schema,
    fingerprint,
    schema_differences,
)
from .versions import VersionParts, parts, sort_key, version_sortable

__all__ = [
    "FIELDS",
    "BadMetadata",
    "Built",
    "Difference",
    "Field",
    "Problem",
    "ProjectFacts",
    "VersionParts",
    "build_document",
    "carried_facts",
    "clean",
    "collection_schema",
    "document_id",
    "files_digest",
    "fingerprint",
    "parts",
    "schema_differences",
    "sort_key",
    "version_sortable",
]
