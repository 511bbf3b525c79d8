"""The commands ``pyfa`` and ``pyf*``: parsing and printing only."""
