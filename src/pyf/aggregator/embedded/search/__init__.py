"""A search server for one machine that speaks Typesense's protocol, on one SQLite file."""
