"""Sample upstreams (PyPI, OSV, pypistats.org, GitHub) and the data of the demo."""
