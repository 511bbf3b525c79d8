"""Search index and statistics of a packaging ecosystem."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("pyf.aggregator")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0.0.0"
