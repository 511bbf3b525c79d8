"""Pages for people: each module has a ``router``."""
