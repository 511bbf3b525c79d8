"""The JSON API: pypistats.org's routes with its shapes, and what goes beyond them."""
