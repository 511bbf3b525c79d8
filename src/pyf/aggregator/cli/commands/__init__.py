"""One module or package per command of ``pyfa``, nested as the commands are."""
