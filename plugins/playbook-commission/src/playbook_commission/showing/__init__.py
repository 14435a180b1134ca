"""How pay is shown: on the terminal, as a page, in a file; in the reader's language."""
