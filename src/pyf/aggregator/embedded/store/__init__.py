"""A statistics store for one machine: ClickHouse's HTTP protocol over chDB, the same engine.

Measured with chDB 4.4 (two cores) before the design was chosen: the first connection of a process
takes 130 ms, each further one 0.25 ms and 1 ms more for its session (database, settings), which is
its own; so requests get connections of exactly their session, and those that only read give them
back. A process has one engine and a folder one process. Connections are
answered at the same time: point queries over 10 million rows ran at 146, 284, 366 and 376 a second
from 1, 2, 4 and 8 threads, and the interpreter's lock is free while the engine works. Memory stayed
at 320 MB over thousands of queries. ``readonly = 1`` keeps the engine from all writes and nearly
all table functions; what it lets through is refused by ``statement.py``.
"""
