"""Stand-ins for servers on one machine: search server, statistics store, and the stack of all."""
