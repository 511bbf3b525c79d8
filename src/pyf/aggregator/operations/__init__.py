"""What one can have done for a profile: each operation has typed options, ``run`` and a report."""

from __future__ import annotations

from .context import Context
from .operation import Operation, Progress, Stop
from .pipeline import OPERATIONS, PipelineOptions
from .report import COUNTS, JSON_SCHEMA, Problem, Report

__all__ = [
    "COUNTS",
    "JSON_SCHEMA",
    "OPERATIONS",
    "Context",
    "Operation",
    "PipelineOptions",
    "Problem",
    "Progress",
    "Report",
    "Stop",
]
