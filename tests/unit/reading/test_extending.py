"""A file that starts from another: what becomes of both, and where each value stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from playbook.checking import problems_of
from playbook.reading import codes
from playbook.reading.files import Folder
from playbook.reading.project import Project, read_text

if TYPE_CHECKING:
    from pathlib import Path

BASE = """\
playbook: base
version: 1
subject: deal
title: Base
fields:
  amount: {type: money, title: Amount}
  pain:   {type: text}
who_may: {edit: [owner, manager]}
stages:
  first:
    probability: 10%
    activities:
      call:  {kind: call, required: true}
      recap: {kind: email, after: call}
    exit:
      priced: {fields: [amount]}
    next: [second]
  second: {next: [won]}
  won:  {final: won}
  lost: {final: lost, from: any}
"""


def project(own: str, **others: str) -> Project:
    files = {"base/base.yaml": BASE, "deals.playbook.yaml": own}
    return Project.from_files({**files, **{name.replace("_", "."): text for name, text in others.items()}})


def extended(own: str) -> Any:
    found = project(f"playbook: deals\nextends: base/base.yaml\n{own}")
    assert [problem.render() for problem in found.problems] == []
    return found.playbooks["deals"].value


def test_what_is_not_said_stays_and_what_is_said_replaces() -> None:
    playbook = extended(
        "title: Deals\nwho_may: {edit: owner, close: manager}\nstages:\n  first: {probability: 20%}\n"
    )
    assert (playbook.id, playbook.title, playbook.version, playbook.subject) == ("deals", "Deals", 1, "deal")
    assert {one.act: one.who for one in playbook.who_may} == {"edit": ("owner",), "close": ("manager",)}
    first = playbook.stages[0]
    assert (str(first.probability), [one.id for one in first.activities]) == ("0.2", ["call", "recap"])


def test_null_removes_and_lists_replace() -> None:
    playbook = extended("fields: {pain: null}\nstages:\n  first: {exit: null, next: [won]}\n  second: null\n")
    assert [field.id for field in playbook.fields] == ["amount"]
    assert [stage.id for stage in playbook.stages] == ["first", "won", "lost"]
    assert (playbook.stages[0].exit, playbook.stages[0].next[0].to) == ((), "won")


def test_neighbours_order_what_is_added_and_what_was_there() -> None:
    playbook = extended(
        "fields:\n  size: {type: integer, before: pain}\n"
        "stages:\n  zero: {next: [first], before: first}\n  lost: {after: second}\n"
        "  first:\n    activities:\n      visit: {kind: meeting, after: call}\n"
        "      plan: {kind: task, before: call}\n    exit:\n      fit: {that: deal.size > 5, before: priced}\n"
    )
    assert [field.id for field in playbook.fields] == ["amount", "size", "pain"]
    assert [stage.id for stage in playbook.stages] == ["zero", "first", "second", "lost", "won"]
    first = playbook.stages[1]
    assert [one.id for one in first.activities] == ["plan", "call", "visit", "recap"]
    assert [one.id for one in first.exit] == ["fit", "priced"]
    assert first.activities[2].after == "call"


def test_a_mistake_is_told_where_it_stands_with_that_line() -> None:
    base = BASE.replace("subject: deal", "subject: deal\ncriteria: {big: {that: deal.amuont > 5}}")
    found = Project.from_files(
        {
            "base/base.yaml": base,
            "deals.playbook.yaml": (
                "playbook: deals\nextends: base/base.yaml\nstages:\n  second:\n    next: [wn]\n"
            ),
        }
    )
    told = {(p.span.file, p.span.line, p.code): p.excerpt for p in problems_of(found)}
    assert told["base/base.yaml", 4, codes.CONDITION_NAME] == base.splitlines()[3]
    assert told["deals.playbook.yaml", 5, codes.UNKNOWN_STAGE] == "    next: [wn]"
    where = found.playbooks["deals"].where
    assert where["stages.first.exit.priced"].file == "base/base.yaml"
    assert where["stages.second"].file == "deals.playbook.yaml"


def test_files_that_start_from_each_other_are_told_as_a_circle() -> None:
    found = project(
        "playbook: deals\nextends: b.yaml\n",
        b_yaml="playbook: b\nextends: c.yaml\n", c_yaml="playbook: c\nextends: b.yaml\n",
    )  # fmt: skip
    (problem,) = found.problems
    assert (problem.code, problem.span.file, problem.span.line) == (codes.CIRCLE, "c.yaml", 2)
    assert problem.message.endswith("b.yaml from c.yaml from b.yaml")


def test_several_files_may_start_from_each_other_in_a_row() -> None:
    found = project(
        "playbook: deals\nextends: middle.yaml\ntitle: Deals\n",
        middle_yaml="playbook: middle\nextends: base/base.yaml\nfields: {pain: null, why: {type: text}}\n",
    )
    assert found.problems == ()
    playbook = found.playbooks["deals"].value
    assert playbook is not None
    assert [field.id for field in playbook.fields] == ["amount", "why"]
    assert found.playbooks["deals"].where["fields.why"].file == "middle.yaml"


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("../base.yaml", "leads out of the project"),
        ("/etc/passwd", "leads out of the project"),
        ("nothing.yaml", "there is no file 'nothing.yaml'"),
        ("account.yaml", "does not begin with `playbook`"),
    ],
)
def test_what_cannot_be_started_from_is_refused(named: str, said: str) -> None:
    found = project(f"playbook: deals\nextends: {named}\n", account_yaml="record: account\nfields: {}\n")
    (problem,) = found.problems
    assert problem.code == codes.NAMED_FILE
    assert said in problem.message
    assert found.playbooks == {}


def test_a_link_does_not_lead_out_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BASE, encoding="utf-8")
    folder = tmp_path / "team"
    folder.mkdir()
    (folder / "base.yaml").symlink_to(tmp_path / "base.yaml")
    (folder / "deals.playbook.yaml").write_text("playbook: deals\nextends: base.yaml\n", encoding="utf-8")
    (problem,) = Project.from_folder(folder).problems
    assert problem.code == codes.NAMED_FILE


def test_one_file_is_read_with_those_of_its_project(tmp_path: Path) -> None:
    (tmp_path / "playbook.yaml").write_text("project: acme\n", encoding="utf-8")
    (tmp_path / "base.yaml").write_text(BASE, encoding="utf-8")
    file = tmp_path / "north" / "deals.playbook.yaml"
    file.parent.mkdir()
    text = "playbook: deals\nextends: ../base.yaml\n"
    file.write_text(text, encoding="utf-8")
    assert read_text(text, str(file), files=Folder.around(file)).problems == ()
    (problem,) = read_text(text, str(file)).problems
    assert problem.code == codes.NAMED_FILE
