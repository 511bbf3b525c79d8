"""A sample GitHub for demo, tests and benchmarks: REST and GraphQL, with GitHub's limits.

Whatever repository is asked for has facts that follow from its name, so that any catalogue can be
enriched; some are gone, some renamed. Single ones can be set, renamed and removed while it runs.
"""
