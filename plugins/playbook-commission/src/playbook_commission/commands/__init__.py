"""The command `commission` and those below it."""
