"""One command a figure: ``python -m benchmarks.<name>``, or ``python -m benchmarks`` for all.

Each prints a table for people, with ``--json`` one object. Only servers of this machine are asked,
and every benchmark ends by itself.
"""
