"""Whatever is done to the files of a sound project, reading and checking tell it as problems and never raise."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from playbook.checking import problems_of
from playbook.reading.project import Project

ACME = Path(__file__).parents[3] / "examples" / "acme"
FILES = {
    file.name: file.read_text("utf-8") for file in sorted(ACME.iterdir()) if file.suffix in (".yaml", ".csv")
}
PLACES = [
    (name, found.span())
    for name, text in FILES.items()
    for found in re.finditer(r"[\w$.%-]+|\{[^{}]*\}|\[[^\[\]]*\]", text)
]
VALUES = (
    "", "null", "5", "-1.5", "true", "x", "$x", '""', "2026-02-30", "[]", "[1]", "[x, [y]]", "{}", "{a: 1}",
    "{is: 5}", "{x: {y: [z]}}", "{", "]", ": ", "- ", "*x", "!x",
)  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(VALUES)), min_size=1, max_size=3))
def test_mistakes_are_told_and_never_raised(changes: list[tuple[tuple[str, tuple[int, int]], str]]) -> None:
    files = dict(FILES)
    for (name, (start, end)), value in sorted(changes, key=lambda change: change[0][1], reverse=True):
        files[name] = files[name][:start] + value + files[name][end:]
    for problem in problems_of(Project.from_files(files)):
        assert problem.span.file in files
        assert problem.render().startswith(f"{problem.span.file}:{problem.span.line}:")


def test_the_project_is_sound_as_it_is() -> None:
    assert problems_of(Project.from_files(FILES)) == ()


def test_a_stage_without_a_name_is_told_also_where_it_has_timers() -> None:
    text = FILES["customer-success.playbook.yaml"]
    files = FILES | {"customer-success.playbook.yaml": text.replace("\n  adoption:\n", '\n  "":\n', 1)}
    found = [problem.code for problem in problems_of(Project.from_files(files))]
    assert sorted(found) == ["malformed", "unknown-stage"]
