"""Accounts: signing in with GitHub, a list of packages, digests. Off without GITHUB_CLIENT_ID."""
