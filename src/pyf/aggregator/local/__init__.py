"""Former names of the servers in ``embedded/`` and ``samples/``, kept for ``python -m``."""
