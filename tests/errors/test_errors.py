"""Every code has a sample beside this file and the exact message; `python test_errors.py` writes them anew."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from playbook.checking import problems_of
from playbook.reading import codes
from playbook.reading.pages import page, pages
from playbook.reading.project import Project, read_text

HERE = Path(__file__).parent
CODES = tuple(pages())
SAMPLES = sorted(path.stem for path in HERE.iterdir() if path.suffix == ".yaml" or path.is_dir())


def said(sample: str) -> str:
    """Return what is said of a sample: a file, or the folder of a project."""
    file = Path(f"{sample}.yaml")
    if file.exists():
        target = read_text(file.read_text(encoding="utf-8"), file.name)
        return "\n\n".join(problem.render() for problem in problems_of(target)) + "\n"
    return "\n\n".join(problem.render() for problem in problems_of(Project.from_folder(sample))) + "\n"


@pytest.mark.parametrize("sample", [name for name in SAMPLES if not name.startswith(("__", "."))])
def test_a_sample_gets_exactly_its_message(sample: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)
    assert said(sample) == Path(f"{sample}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_explained_and_shown(code: str) -> None:
    assert page(code).text.endswith(".")
    assert f" {code} " in (HERE / f"{code}.txt").read_text(encoding="utf-8")


_SHOWN_BY_NO_LINE = {"encoding", "unreadable-file", "condition-size"}


def codes_of(sample: str, wrong: tuple[str, ...], right: tuple[str, ...]) -> tuple[int, int]:
    """Return how many lines of a sample have its code, and how many with the right lines in place of the wrong."""
    file = Path(f"{sample}.yaml")
    files = [file] if file.exists() else sorted(Path(sample).glob("*.yaml"))
    texts = {path.name: path.read_text(encoding="utf-8") for path in files}
    holding = [name for name, text in texts.items() if _with(text, wrong, right) != text]
    assert holding, f"the wrong lines do not stand in the sample of {sample}"
    mended = {**texts, holding[0]: _with(texts[holding[0]], wrong, right)}
    found = []
    for these in (texts, mended):
        target = Project.from_files(these) if not file.exists() else read_text(*reversed(these.popitem()))
        found.append(sum(problem.code == sample for problem in problems_of(target)))
    return found[0], found[1]


def _with(text: str, wrong: tuple[str, ...], right: tuple[str, ...]) -> str:
    lines = text.splitlines()
    for at in range(len(lines)):
        here = lines[at : at + len(wrong)]
        if [line.strip() for line in here] == [line.strip() for line in wrong]:
            indent = here[0][: len(here[0]) - len(here[0].lstrip())] if here[0].strip() != here[0] else ""
            indent = "" if wrong[0][0].isspace() else indent
            return "\n".join([*lines[:at], *(indent + line for line in right), *lines[at + len(wrong) :], ""])
    return text


@pytest.mark.parametrize("code", [code for code in CODES if code not in _SHOWN_BY_NO_LINE])
def test_the_right_example_has_what_the_wrong_one_lacks(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)
    shown = page(code)
    before, after = codes_of(code, shown.wrong, shown.right)
    assert after < before


def test_no_message_has_a_code_that_is_not_explained() -> None:
    headers = [
        line.split()
        for path in HERE.glob("*.txt")
        for line in path.read_text(encoding="utf-8").splitlines()
        if not line.startswith(" ") and line
    ]
    assert {words[1] for words in headers} <= set(CODES)


def test_every_code_that_is_used_has_one_name_and_a_page() -> None:
    named = [value for name, value in vars(codes).items() if name.isupper()]
    assert len(named) == len(set(named)) > 80
    assert set(named) <= set(CODES)


def test_ten_mistakes_are_told_at_once() -> None:
    text = (HERE / "ten-mistakes.txt").read_text(encoding="utf-8")
    messages = [line for line in text.splitlines() if line.startswith("ten-mistakes.yaml:")]
    assert len(messages) == 10
    assert len({line.split()[1] for line in messages}) >= 8
    assert text.count("^") >= 10


if __name__ == "__main__":
    with contextlib.chdir(HERE):
        for name in SAMPLES:
            if not name.startswith(("__", ".")):
                Path(f"{name}.txt").write_text(said(name), encoding="utf-8")
