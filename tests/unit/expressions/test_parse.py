from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from playbook.expressions import dump, load, parse

if TYPE_CHECKING:
    from collections.abc import Callable

    from playbook.expressions import Mistake

# Trees are stored with published definitions: what a text becomes must never change.
STORED: dict[str, list[Any]] = {
    "null": ["null"],
    "[true, 'a']": ["list", ["bool", True], ["string", "a"]],
    "-9223372036854775808": ["int", "-9223372036854775808"],
    "0x1F": ["int", "31"],
    "007.50": ["number", "7.5"],
    "1e3": ["double", "1000.0"],
    "20%": ["percent", "0.2"],
    "12.5%": ["percent", "0.125"],
    "25000 EUR": ["money", "25000.00", "EUR"],
    "500JPY": ["money", "500", "JPY"],
    "30min": ["duration", "30", "min"],
    "today + 6mo": ["add", ["name", "today"], ["duration", "6", "mo"]],
    "deal.amount": ["field", "deal", "amount"],
    "deal.items[0].sku": ["select", ["index", ["field", "deal", "items"], ["int", "0"]], "sku"],
    "days(a, b)": ["call", "days", ["name", "a"], ["name", "b"]],
    "filled(a.b, c.d)": ["filled", ["field", "a", "b"], ["field", "c", "d"]],
    "has(a.b)": ["has", ["field", "a", "b"]],
    "a && b and c || d": ["or", ["and", ["name", "a"], ["name", "b"], ["name", "c"]], ["name", "d"]],
    "not a == b": ["not", ["eq", ["name", "a"], ["name", "b"]]],
    "!a == b": ["eq", ["not", ["name", "a"]], ["name", "b"]],
    "a ? 1 : b ? 2 : 3": ["if", ["name", "a"], ["int", "1"], ["if", ["name", "b"], ["int", "2"], ["int", "3"]]],
    "1 - 2 - 3 * -x": [
        "sub", ["sub", ["int", "1"], ["int", "2"]], ["mul", ["int", "3"], ["neg", ["name", "x"]]],
    ],
    "5u + 0xFFU": ["add", ["uint", "5"], ["uint", "255"]],
    "-0.0": ["neg", ["number", "0"]],
    "b'\\xff\\303é' + br'\\n'": ["add", ["bytes", "ffc3c3a9"], ["bytes", "5c6e"]],
    "{'a': 1, 2u: [],}": ["entries", ["string", "a"], ["int", "1"], ["uint", "2"], ["list"]],
    "a.b.contains('x')": ["method", "contains", ["field", "a", "b"], ["string", "x"]],
    "a.b.all(i, i.c > 1)": [
        "all", ["field", "a", "b"], "i", ["gt", ["field", "i", "c"], ["int", "1"]],
    ],
    "a.map(i, i, i)": ["map", ["name", "a"], "i", ["name", "i"], ["name", "i"]],
    "a.all(1)": ["method", "all", ["name", "a"], ["int", "1"]],
    "{}.and.`x-y`.if": ["select", ["select", ["select", ["entries"], "and"], "x-y"], "if"],
    ".a + $limit": ["add", ["name", ".a"], ["name", "$limit"]],
    "a in [1,]": ["in", ["name", "a"], ["list", ["int", "1"]]],
    "20 % 3": ["mod", ["int", "20"], ["int", "3"]],
    "20%3": ["mod", ["int", "20"], ["int", "3"]],
    "20%(x)": ["mod", ["int", "20"], ["name", "x"]],
    "20% - 5%": ["sub", ["percent", "0.2"], ["percent", "0.05"]],
    "a > 20% and b": ["and", ["gt", ["name", "a"], ["percent", "0.2"]], ["name", "b"]],
    "20% != a": ["ne", ["percent", "0.2"], ["name", "a"]],
    "android": ["name", "android"],
    "a // why\n": ["name", "a"],
    r"'\x41\u00e9\101\n\'' ": ["string", "Aé" + "A\n'"],
    r"r'\n'": ["string", r"\n"],
    '"""a"b"""': ["string", 'a"b'],
    '"“curly” # EUR 20% == and"': ["string", "“curly” # EUR 20% == and"],
}  # fmt: skip


@pytest.mark.parametrize("text", STORED)
def test_stored_form(text: str) -> None:
    node, mistakes = parse(text)
    assert node is not None, mistakes
    assert dump(node) == STORED[text]
    assert load(dump(node)) == node


WRONG = [
    ("deal.amount = 3", 12, "'=' does not compare", "write =="),
    ("=IF(deal.amount > 3, true, false)", 0, "does not begin with =", "leave the = out"),
    ("deal.amount between 1 and 5", 12, "'between' is not an operator", "x >= 1 and x <= 5"),
    ("deal.amount == 25,000", 17, "a number has no comma inside", "write 25000"),
    ("deal.signed AND deal.signed", 12, "'AND' is not an operator", "write and"),
    ("deal.seats > 1 OR deal.signed", 15, "'OR' is not an operator", "write or"),
    ("NOT deal.signed", 4, "'NOT' is not an operator", "write not"),
    ("deal.pain == “big”", 13, "these quotation marks are not plain ones", "straight quotes"),
    ('deal.pain == "big', 13, "the text that begins here has no end", "close it"),
    ("case.idle > 90m", 12, "'90m' could be minutes or months: write 90min or 90mo", ""),
    ("case.idle > 90 d", 15, "a duration has no space inside", "write 90d"),
    ("case.idle > 9999999999mo", 12, "longer than any time that counts: write at most 9999mo", ""),
    ("case.idle > 1.5h", 12, "'1.5h' is not a duration", ""),
    ("deal.amount > 25.000 EUR", 14, "'25.000 EUR' has more digits than EUR has", "25000 EUR"),
    ("deal.amount > $5", 14, "a currency is three capital letters", "25000 EUR"),
    ("deal.amount > 5 euros", 16, "a currency is three capital letters", "25000 EUR"),
    ("deal.amount ≥ 5", 12, "'≥' is not an operator", "write >="),
    ("deal.amount => 5", 12, "'=' does not compare", ""),
    ("deal.pain <> 'a'", 11, "'<>' does not compare", "write !="),
    ("deal.pain === 'a'", 12, "there is one = too many", "write =="),
    ("deal.pain is null", 10, "'is' does not compare", "filled(...)"),
    ("deal.pain contains 'a'", 10, "that word is not an operator", "text.contains("),
    ("deal.pain not in ['a']", 10, "'not in' is not an operator", "not (x in list)"),
    ("deal.pain == not deal.signed", 13, "'not' cannot stand here", "brackets"),
    ("deal.signed deal.signed", 12, "'deal' was not expected here", "join two conditions"),
    ("deal.amount >", 13, "the condition ends too early", "missing"),
    ("  ", 0, "the condition is empty", ""),
    ("filled()", 0, "filled() needs a field", "filled(deal.amount)"),
    ("has(1)", 0, "has() takes one field", "has(deal.amount)"),
    ("a.all(1, true)", 6, "all() takes the name of each item first", "all(item, ...)"),
    ("18446744073709551616u", 0, "the whole number is out of range", "18446744073709551615u"),
    (r"b'\u0041'", 0, "is a character, and bytes are written", ""),
    ("while == 1", 0, "'while' is a reserved word", ""),
    (r"'\q'", 0, "is not an escape", r"\\"),
    (r"'\ud800'", 0, "is not a character", ""),
    ("9223372036854775808", 0, "the whole number is out of range", "9223372036854775807"),
    ("0." + "1" * 35, 0, "more than 34 digits", ""),
    ("1e999", 0, "the number is too large", ""),
]


@pytest.mark.parametrize(("text", "start", "message", "hint"), WRONG, ids=[row[0][:30] for row in WRONG])
def test_syntax_mistakes_are_explained(text: str, start: int, message: str, hint: str) -> None:
    node, (mistake,) = parse(text)
    assert node is None
    assert message in mistake.message
    assert hint in mistake.hint
    assert mistake.start == start
    assert mistake.start <= mistake.end <= len(text)


@pytest.mark.parametrize(
    "text",
    [
        "1" + " " * 10_000,
        "[" * 51 + "]" * 51,
        "-" * 4_000 + "x",
        "(" * 4_000,
        "+".join(["1"] * 1_500),
        "!" * 9_000,
    ],
    ids=["long", "deep", "minus", "brackets", "sum", "bang"],
)
def test_too_big_is_a_mistake(text: str) -> None:
    node, (mistake,) = parse(text)
    assert node is None
    assert mistake.code in ("condition-size", "condition-syntax")


def test_bounds_are_sharp() -> None:
    assert parse("[" * 50 + "]" * 50)[0] is not None
    assert parse(" and ".join(["x"] * 1_428))[0] is not None
    assert parse("[" + ",".join("1" * 1_999) + "]")[0] is not None
    assert parse("[" + ",".join("1" * 2_000) + "]")[1][0].code == "condition-size"
    assert parse("(" * 4_900 + "x" + ")" * 4_900)[0] is not None


def test_positions_name_the_part(mistakes: Callable[[str], tuple[Mistake, ...]]) -> None:
    text = "deal.amont > 0 and foo == 1 and days(deal.close) > 3 and deal.segment == 'smb'"
    assert [text[m.start : m.end] for m in mistakes(text)] == ["amont", "foo", "days(deal.close)", "'smb'"]


def test_running_needs_no_parser() -> None:
    code = (
        "import sys, datetime as dt\n"
        "from playbook.expressions import *\n"
        "from playbook.times import Calendar\n"
        "run = compile(load(['gt', ['int', '2'], ['int', '1']]), STANDARD)\n"
        "assert run(Scope({}, dt.datetime.now(dt.UTC), Calendar())) is True\n"
        "print('lark' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
