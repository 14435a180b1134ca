"""The page of every code of a mistake, made from the codes.

`python -m playbook.authoring.errors` prints it; docs/errors.md holds what it prints.
"""

from __future__ import annotations

from playbook.reading.pages import pages

_BEGINNING = """# What the checker says

Every message has a place, a code, what is wrong and what to do: `file:line:column CODE message`.
`playbook check --explain CODE` prints what stands here. Errors and warnings say that something will not work as it
is written; advice says that something may not be meant. `playbook check` exits with 1 on errors, with `--strict`
on warnings and advice too; `--format github` marks the lines in a pull request.
"""


def page() -> str:
    """Return the pages of all codes as Markdown, the same on every machine."""
    found = pages()
    listed = ", ".join(f"[{code}](#{code})" for code in found)
    return "\n\n".join([_BEGINNING, listed, *(one.markdown() for one in found.values())]) + "\n"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - this is what running the module is for
