"""One file, and a folder of them: kinds, ids, faults that stay where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from playbook.reading import codes
from playbook.reading.project import Project, read_text

if TYPE_CHECKING:
    from pathlib import Path

PLAYBOOK = "playbook: {0}\nversion: 1\nsubject: deal\nstages: {{a: {{next: [b]}}, b: {{final: won}}}}\n"


def test_one_broken_file_hides_no_other() -> None:
    project = Project.from_files(
        {
            "good.playbook.yaml": PLAYBOOK.format("good"),
            "sub/bad.playbook.yaml": "playbook: bad\nversion: [",
            "wrong.playbook.yaml": PLAYBOOK.format("wrong").replace("subject", "subjct"),
            "notes.yaml": "- not: ours",
        }
    )
    assert list(project.playbooks) == ["good", "wrong"]
    assert [p.span.file for p in project.problems] == ["sub/bad.playbook.yaml"] + ["wrong.playbook.yaml"] * 2
    assert project.playbooks["good"].problems == ()


def test_a_file_that_ends_in_the_middle_still_says_what_it_is() -> None:
    reading = read_text("playbook: bad\nversion: [", "bad.yaml")
    assert (reading.kind, reading.id, reading.value) == ("playbook", "bad", None)
    assert [p.code for p in reading.problems] == [codes.YAML_SYNTAX]


def test_two_files_of_one_id_are_named_both() -> None:
    files = {"a.playbook.yaml": PLAYBOOK.format("same"), "b.playbook.yaml": PLAYBOOK.format("same")}
    project = Project.from_files(files)
    (problem,) = project.problems
    assert (problem.span.file, problem.code) == ("b.playbook.yaml", codes.DUPLICATE_FILE)
    assert "a.playbook.yaml" in problem.message
    assert project.playbooks["same"].file == "a.playbook.yaml"


@pytest.mark.parametrize(
    ("named", "chosen", "problems"),
    [("organization: two", "two", []), ("", "one", [codes.DUPLICATE_FILE]),
     ("organization: tow", None, [codes.UNKNOWN_ORGANIZATION])],
)  # fmt: skip
def test_the_settings_choose_among_organizations(named: str, chosen: str | None, problems: list[str]) -> None:
    project = Project.from_files(
        {
            "playbook.yaml": f"project: acme\nstore: sqlite:///x.db\n{named}\n",
            "one.organization.yaml": "organization: one\n",
            "two.organization.yaml": "organization: two\n",
        }
    )
    assert project.settings.store == "sqlite:///x.db"
    assert (project.organization.id if project.organization else None) == chosen
    assert [p.code for p in project.problems] == problems


def test_a_folder_is_read_at_any_depth_but_not_where_a_name_begins_with_a_dot(tmp_path: Path) -> None:
    for name in ("deep/down", ".venv/lib", ".hidden"):
        (tmp_path / name).mkdir(parents=True)
        file = tmp_path / name / "x.playbook.yaml"
        file.write_text(PLAYBOOK.format(name.split("/")[0].strip(".")), encoding="utf-8")
    (tmp_path / "playbook.yaml").write_text("project: acme\n", encoding="utf-8")
    (tmp_path / "deep" / "playbook.yaml").write_text("not: read", encoding="utf-8")
    (tmp_path / "organization.yaml").write_text("organization: acme\n", encoding="utf-8")
    (tmp_path / "gone.mapping.yaml").symlink_to(tmp_path / "nowhere")
    (tmp_path / "latin.mapping.yaml").write_bytes("mapping: gr\xfcn\n".encode("latin-1"))
    (tmp_path / "big.mapping.yaml").write_bytes(b"mapping: big\n#" + b"\xc3\xa9" * 600_000)
    project = Project.from_folder(tmp_path)
    assert (list(project.playbooks), project.settings.id) == (["deep"], "acme")
    assert [(p.span.file, p.code) for p in project.problems] == [
        (str(tmp_path / "big.mapping.yaml"), codes.TOO_LARGE),
        (str(tmp_path / "gone.mapping.yaml"), codes.UNREADABLE),
        (str(tmp_path / "latin.mapping.yaml"), codes.ENCODING),
    ]
    assert project.relative(project.playbooks["deep"].file) == "deep/down/x.playbook.yaml"


def test_a_folder_without_settings_is_a_project(tmp_path: Path) -> None:
    project = Project.from_folder(tmp_path)
    assert (project.settings.id, project.playbooks, project.problems) == ("", {}, ())


def test_a_folder_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    (problem,) = Project.from_folder(tmp_path / "gone").problems
    assert (problem.code, problem.span.file) == (codes.UNREADABLE, str(tmp_path / "gone"))


def test_a_draft_is_read_in_place_of_the_file_with_its_kind_and_id(tmp_path: Path) -> None:
    folder, draft = tmp_path / "team", tmp_path / "draft.yaml"
    folder.mkdir()
    (folder / "a.organization.yaml").write_text("organization: a\ncurrency: EUR\n", encoding="utf-8")
    draft.write_text("organization: a\ncurrency: USD\ntitl: A\n", encoding="utf-8")
    project = Project.from_folder(folder, str(draft))
    assert project.organization is not None
    assert project.organization.value is not None
    assert project.organization.value.settings.currency == "USD"
    mistakes = [problem for problem in project.problems if problem.span.file == str(draft)]
    assert [problem.code for problem in mistakes] == ["unknown-key"]
    assert [problem.span.line for problem in mistakes] == [3]
    here = folder / "a.organization.yaml"
    assert Project.from_folder(folder, str(here)).problems == ()  # one of the project's own counts once
