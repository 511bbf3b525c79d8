"""The one-machine stack: local search server and sample upstreams."""
