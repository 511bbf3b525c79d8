"""The one-machine stack: its services in one supervised process tree.

``parts`` declares them, ``supervisor`` keeps them running, ``control`` is what commands call.
"""
