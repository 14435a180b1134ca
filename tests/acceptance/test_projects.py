"""Projects from the command line: made, checked, published by themselves; and what everyday commands load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from playbook.cli import main

if TYPE_CHECKING:
    from tests.acceptance.conftest import Run

ERRORS = Path(__file__).parents[1] / "errors"
PLAYBOOK = "deals.playbook.yaml"
HEAVY = {"yaml", "lark", "jsonschema", "polars", "narwhals", "rich"}


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_a_new_project_works_as_it_is(project: Path, here: Run) -> None:
    assert here("check", "--json").json == {"problems": []}
    assert (project / ".gitignore").is_file()
    assert "project: acme" in (project / "playbook.yaml").read_text(encoding="utf-8")
    before = (project / PLAYBOOK).read_bytes()
    assert "is there already" in here("init", str(project), code=2).err
    assert (project / PLAYBOOK).read_bytes() == before
    assert here("open", "deals", "Acme", "--json").json["stage"] == "discovery"


def test_a_playbook_whose_file_has_another_name_is_missed(here: Run, project: Path) -> None:
    assert here("check").err == ""
    (project / "deals.playbook.yaml").rename(project / "deals.playbook.yml")
    (project / "won.scenario.yaml").unlink()
    assert "a file whose name ends in .playbook.yaml" in here("check").err


def test_without_a_project(tmp_path: Path) -> None:
    def run(*arguments: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(main, ["--project", str(tmp_path), *arguments])
        return result.exit_code, result.stdout, result.stderr

    code, _, err = run("list")
    assert code == 2
    assert "playbook init" in err
    assert "--project" in err
    assert run("check", str(ERRORS / "tab.yaml"))[0] == 1
    assert json.loads(run("schema", "playbook")[1])["title"] == "Playbook"
    assert run("plugins")[0] == 0
    assert list(tmp_path.iterdir()) == []


def test_ten_mistakes_at_once(installed: Run) -> None:
    file = str(ERRORS / "ten-mistakes.yaml")
    problems = installed("check", file, "--json", code=1).json["problems"]
    assert len(problems) == 10
    assert {"code", "severity", "message", "file", "line", "column"} <= set(problems[0])
    said = installed("check", file, code=1).out
    for problem in problems:
        assert f"{file}:{problem['line']}:{problem['column']} {problem['code']} {problem['message']}" in said
    assert said.count("^") >= 10
    assert "10 errors" in said


def test_codes_are_explained_and_lines_marked_and_strict_is_strict(installed: Run) -> None:
    said = installed("check", "--explain", "branch-gap").out
    assert said.startswith("branch-gap\n")
    assert "Wrong:" in said
    assert "Right:" in said
    assert "branch-gap" in installed("check", "--explain", "branch-gpa", code=2).err
    file = str(ERRORS / "branch-gap.yaml")
    first, _ = installed("check", "--format", "github", file).out.splitlines()
    place = f"::warning file={file},line=10,col=5,endColumn=9,title=branch-gap::"
    assert first.startswith(f"{place}amount = 25000 EUR passes neither")
    assert "%0Ahint: " in first
    assert installed("check", "--strict", file, code=1).out == installed("check", file).out
    assert "::error " in installed("check", "--format", "github", str(ERRORS / "tab.yaml"), code=1).out


def test_schemas_hold_what_plugins_add(here: Run) -> None:
    criterion = here("schema", "playbook").json["definitions"]["criterion"]["properties"]
    added = here("plugins", "--json").json["plugins"]
    kinds = [name for plugin in added for name in plugin["contributes"].get("criteria", ())]
    assert set(kinds) <= set(criterion)


def test_new_versions_are_published_by_themselves(project: Path, here: Run) -> None:
    first = here("open", "deals", "First", "--json").json["case"]
    change(project / PLAYBOOK, "fields: [pain]", "fields: [pain, decider]")
    warned = here("open", "deals", "Second", "--json")
    assert "write version: 2" in warned.err
    refused = here("publish", "--json", code=1).json
    assert (refused["refused"], refused["blockers"]) == ("version", [])
    assert "write version: 2" in refused["message"]
    change(project / PLAYBOOK, "version: 1 ", "version: 2 ")
    third = here("open", "deals", "Third", "--json")
    assert third.err == ""
    missing = [
        [m for b in here("why", case, "--json", code=1).json["blockers"] for m in b["missing"] if "." in m]
        for case in (first, warned.json["case"], third.json["case"])
    ]
    assert missing == [
        ["deal.pain", "deal.amount"],
        ["deal.pain", "deal.amount"],
        ["deal.pain", "deal.decider", "deal.amount"],
    ]
    (row,) = here("publish", "--json").json["published"]
    assert (row["playbook"], row["version"], row["changed"]) == ("deals", 2, False)


def test_a_broken_file_does_not_stop_the_work(project: Path, here: Run) -> None:
    here("open", "deals", "Acme")
    change(project / PLAYBOOK, "next: [won]", "next: [wun]")
    answer = here("open", "deals", "Other", "--json")
    assert answer.json["stage"] == "discovery"
    assert "playbook check" in answer.err
    refused = here("publish", "--json", code=1).json
    assert "did you mean 'won'" in refused["problems"][0]["hint"]


def test_a_broken_scenario_forbids_nothing_but_its_own_run(project: Path, here: Run) -> None:
    change(project / "won.scenario.yaml", "owner: sam", "owner: sma")
    assert here("open", "deals", "Acme", "--json").err == ""
    here("publish")
    here("check", code=1)
    assert "did you mean 'sam'" in here("test", code=1).out


def test_publishing_is_remembered_and_never_wrongly(project: Path, here: Run) -> None:
    here("list")
    (project / "playbook.db").unlink()
    assert here("open", "deals", "Acme", "--json").json["stage"] == "discovery"
    assert here("open", "deals", "Acme", "--tenant", "other", "--json").json["stage"] == "discovery"
    assert here("list", "--tenant", "other", "--json").json["total"] == 1
    change(project / "organization.yaml", "sam: {name: Sam Okafor", "kim: {name: Kim Lee")
    assert here("list", "--owner", "kim", "--json").json["total"] == 0
    (project / ".playbook" / "published.json").write_text("{", encoding="utf-8")
    assert here("list", "--json").json["total"] == 1


def test_the_store_of_the_settings_lies_in_the_project(project: Path, here: Run, tmp_path: Path) -> None:
    change(project / "playbook.yaml", "organization:", "store: sqlite:///deals.db\norganization:")
    here("open", "deals", "Acme")
    assert (project / "deals.db").is_file()
    assert here("list", "--json").json["total"] == 1
    elsewhere = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    assert here("list", "--store", elsewhere, "--json").json["total"] == 0
    assert (tmp_path / "elsewhere.db").is_file()


@pytest.mark.parametrize(
    "arguments", [("why", "Acme"), ("list",), ("show", "Acme"), ("advance", "Acme"), ("history", "Acme")]
)
def test_everyday_commands_load_only_what_they_need(
    project: Path, here: Run, arguments: tuple[str, ...]
) -> None:
    here("open", "deals", "Acme")
    program = (
        "import atexit, sys; from playbook.cli import main\n"
        "atexit.register(lambda: sys.stderr.write(' '.join(sys.modules)))\n"
        "main(sys.argv[1:])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=project, capture_output=True, text=True, check=False
    )
    assert "Acme" in done.stdout
    assert HEAVY & set(done.stderr.split()) == set()


PLUGIN = '''
import click
import playbook

@click.command()
@click.option("--loud", is_flag=True)
def hello(loud):
    """Say hello."""
    click.echo("HELLO" if loud else "hello")

@click.command()
def wrong():
    """Fail."""
    raise RuntimeError("the plugin is broken")

def broken():
    raise LookupError("nothing there")

@playbook.hookimpl
def playbook_commands():
    yield playbook.CommandLine("broken", version="1", load=broken)
    for name, command in (("hello", hello), ("wrong", wrong), ("list", wrong)):
        yield playbook.CommandLine(name, version="1", load=lambda command=command: command, help=f"{name}!")
'''


@pytest.fixture
def site(tmp_path: Path) -> str:
    """Install a plugin with commands, the way pip leaves one behind."""
    info = tmp_path / "site" / "salute-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: salute\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[playbook]\nsalute = salute\n", encoding="utf-8")
    (tmp_path / "site" / "salute.py").write_text(PLUGIN, encoding="utf-8")
    return str(tmp_path / "site")


def test_plugins_add_commands_and_shadow_none(installed: Run, site: str) -> None:
    assert "hello!" in installed("--help", PYTHONPATH=site).out
    assert installed("hello", "--loud", "--as", "sam", PYTHONPATH=site).out == "HELLO\n"
    assert installed("list", "--json", PYTHONPATH=site).json["total"] == 0
    told = {
        plugin["name"]: plugin for plugin in installed("plugins", "--json", PYTHONPATH=site).json["plugins"]
    }
    assert told["salute"]["contributes"] == {"commands": ["broken", "hello", "list", "wrong"]}
    assert "'list' is built in" in told["salute"]["fault"]
    assert told["insights"]["fault"] == ""


def test_a_bug_is_one_line_unless_asked_for_more(installed: Run, site: str, project: Path) -> None:
    told = installed("wrong", code=3, PYTHONPATH=site)
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert "this is a bug (RuntimeError: the plugin is broken)" in told.err
    told = installed("broken", code=3, PYTHONPATH=site)
    assert told.err == "error: plugin 'salute': broken raised LookupError: nothing there\n"
    done = subprocess.run(
        [Path(sys.executable).parent / "playbook", "wrong"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": site, "PLAYBOOK_DEBUG": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" in done.stderr
    assert done.returncode == 1


def test_what_stands_in_a_folder_that_is_no_project_is_checked(tmp_path: Path) -> None:
    def check(*more: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(main, ["--project", str(tmp_path), "check", *more])
        return done.exit_code, done.stdout, done.stderr

    (tmp_path / "other.yaml").write_text("a: 1\n", encoding="utf-8")
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "wrong.playbook.yaml").write_text("playbook: below\n", encoding="utf-8")
    code, out, err = check()
    assert (code, out) == (2, "")
    assert "there is no playbook.yaml" in err
    good = "playbook: fine\nversion: 1\nsubject: deal\nstages: {talks: {next: [won]}, won: {final: won}}\n"
    (tmp_path / "fine.playbook.yaml").write_text(good, encoding="utf-8")
    code, out, err = check()
    assert (code, out) == (0, "no problems\n")
    assert "each file was checked by itself; `playbook init` makes a project" in err
    (tmp_path / "wrong.playbook.yaml").write_text("playbook: wrong\nversion: 1\n", encoding="utf-8")
    code, out, err = check("--json")
    assert code == 1
    assert {Path(one["file"]).name for one in json.loads(out)["problems"]} == {"wrong.playbook.yaml"}
