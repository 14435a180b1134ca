"""Text to a tree: values as typed, the place of each, and what is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbook.reading import codes
from playbook.reading.events import MAX_BYTES, decode, read
from playbook.reading.source import offset, typed

SIGNS = st.sampled_from([*"abc \n\t:-?[]{}&*!|>'\"%@`,#~0159.", "\x00", "\ud800", "\u2028", "é", ": ", "- "])


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("yes", "yes"), ("No", "No"), ("on", "on"), ("off", "off"),
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        ("5", 5), ("-3", -3), ("0", 0), ("010", "010"), ("+5", "+5"), ("0x1F", "0x1F"), ("1_000", "1_000"),
        ("9" * 30, "9" * 30), ("1.10", Decimal("1.10")), ("-0.5", Decimal("-0.5")), ("1.", "1."), (".5", ".5"),
        ("1e3", "1e3"), ("12:30", "12:30"), ("2026-03-01", "2026-03-01"), (".inf", ".inf"),
        ("'5'", "5"), ('"true"', "true"), ("25,000", "25,000"), ("20%", "20%"), ("١٢", "١٢"),
    ],
)  # fmt: skip
def test_a_plain_value_is_what_was_typed(written: str, value: object) -> None:
    found = read(f"key: {written}", "f.yaml").get("key")
    assert (found, type(found)) == (value, type(value))
    if isinstance(found, Decimal):
        assert typed(found) == written


def test_a_small_decimal_is_given_back_as_typed() -> None:
    assert typed(read("a: 0.00000001", "f.yaml").get("a")) == "0.00000001"


def test_every_key_value_and_item_has_its_place() -> None:
    source = read("a:\r\n  b: [x, {c: y}]\r\n  é d:   z\r\n", "f.yaml")
    spans = {
        "b": source.at("a", "b"),
        "item": source.at("a", "b", 0),
        "deep": source.at("a", "b", 1, "c"),
        "key": source.key(source.get("a"), "é d"),
        "value": source.at("a", "é d"),
        "block": source.at("a"),
        "missing": source.at("a", "b", 1, "nothing"),
    }
    places = {name: (span.line, span.column, span.length) for name, span in spans.items()}
    assert places == {
        "b": (2, 6, 1), "item": (2, 7, 1), "deep": (2, 14, 1), "key": (3, 3, 3), "value": (3, 10, 1),
        "block": (1, 1, 1), "missing": (2, 10, 1),
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "c: aa <bb> @",
        "c: 'aa ''<bb>'' @'",
        'c: "aa \\"<bb>\\" @"',
        'c: "\\x61a\\\n  <b\\u0062>\\t @"',
        "c: aa\n  <bb>\n  @",
        "c: >-\n  aa\n  <bb>\n\n  @\n",
        "c: |\n  aa <bb>\n    @\n",
    ],
)
def test_a_character_of_a_text_is_found_in_the_file(text: str) -> None:
    source = read(text, "f.yaml")
    assert source.root is not None
    value, event = source.get("c"), source.root.places["c"][1]
    for char in "<>@":
        span = offset(source, event, value.index(char))
        assert span is not None
        assert source.line(span.line)[span.column - 1] == char


def test_an_alias_repeats_and_keeps_the_place_where_it_was_written() -> None:
    source = read("a: &x {k: 1}\nb: *x\n", "f.yaml")
    assert source.get("b", "k") == 1
    assert source.at("b", "k").line == 1
    assert source.at("b").line == 2


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
CHAIN = "a0: &a0 [x]\n" + "".join(f"a{n + 1}: &a{n + 1} [*a{n}]\n" for n in range(100))


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: 1\n\tb: 2", codes.TAB, 2, 1),
        ("a:\n\t- b", codes.TAB, 2, 1),
        ("a: \x00", codes.ENCODING, 1, 4),
        ("a: b\nc: \ud800", codes.ENCODING, 2, 4),
        ("a: 1\nb: 2\na: 3", codes.DUPLICATE_KEY, 3, 1),
        ("a: {b: 1, b: 2}", codes.DUPLICATE_KEY, 1, 11),
        ("a: 1\n---\nb: 2", codes.SEVERAL_DOCUMENTS, 2, 1),
        ("- a", codes.NOT_A_MAP, 1, 1),
        ("# nothing\n", codes.NOT_A_MAP, 1, 1),
        ("just text", codes.NOT_A_MAP, 1, 1),
        ("? [a]\n: b", codes.BAD_KEY, 1, 3),
        ("a: *b", codes.ALIAS, 1, 4),
        ("a: *important*", codes.ALIAS, 1, 4),
        ("a: &b [*b]", codes.ALIAS, 1, 8),
        ("a: !text b", codes.YAML_TAG, 1, 4),
        ('a: !done("b")', codes.YAML_TAG, 1, 4),
        ("a: {case.owner} won", codes.PLACEHOLDER, 1, 4),
        ("a: \u201cb\u201d", codes.CURLY_QUOTES, 1, 4),
        ("a: b: c", codes.COLON_IN_TEXT, 1, 5),
        ("a: 1\nb: 'open\nc: 2\n", codes.YAML_SYNTAX, 2, 4),
        ("a: 1\nb: [open\n", codes.YAML_SYNTAX, 2, 4),
        ("a: x\n b: y", codes.YAML_SYNTAX, 2, 2),
        (BOMB, codes.TOO_LARGE, 5, 24),
        (CHAIN, codes.TOO_LARGE, 50, 12),
        ("a: " + "[" * 200_000, codes.TOO_LARGE, 1, 53),
        ("- " * 200_000, codes.TOO_LARGE, 1, 101),
        ("a: " + "x" * MAX_BYTES, codes.TOO_LARGE, 1, 1),
        ("a: " + "é" * (MAX_BYTES // 2), codes.TOO_LARGE, 1, 1),
    ],
)
def test_what_cannot_be_read_is_said_at_its_place(text: str, code: str, line: int, column: int) -> None:
    problems = [p for p in read(text, "f.yaml").problems if p.code == code]
    assert [(p.span.line, p.span.column) for p in problems] == [(line, column)]


def test_a_duplicate_key_names_both_lines_and_keeps_the_first() -> None:
    source = read("a: 1\nb: 2\na: 3", "f.yaml")
    assert "line 1" in source.problems[0].message
    assert "line 3" in source.problems[0].message
    assert source.get("a") == 1


def test_bytes_that_are_not_utf8_are_named() -> None:
    problem = decode("a: b\nc: grün".encode("latin-1"), "f.yaml")
    assert not isinstance(problem, str)
    assert (problem.code, problem.span.line, problem.span.column) == (codes.ENCODING, 2, 6)
    assert "0xfc" in problem.message


def test_a_byte_order_mark_is_not_part_of_the_first_key() -> None:
    source = read("\ufeffa: 1", "f.yaml")
    assert (source.get("a"), source.at("a").column) == (1, 4)


@given(st.lists(SIGNS, max_size=40).map("".join))
def test_no_text_raises_and_every_problem_lies_in_the_file(text: str) -> None:
    source = read(text, "f.yaml")
    for problem in source.problems:
        assert 1 <= problem.span.line <= len(text) + 1
        assert 1 <= problem.span.column <= len(text) + 1
        assert problem.render()
    assert source.problems or source.root is not None
