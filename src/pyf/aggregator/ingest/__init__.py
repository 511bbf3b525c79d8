"""Runs that bring an index up to date: full fetch, by serial, refresh."""
