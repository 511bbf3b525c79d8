"""How a one-machine stack that runs here is found: its state file, its broker, its secrets.

Production rooms use this; the stack itself is in ``embedded/stack``.
"""
