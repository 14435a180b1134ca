"""Patterns: what Python's own `re` finds, in time that grows with the text and not faster."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from playbook.expressions.matching import machine
from playbook.expressions.patterns import PatternError

_atoms = st.sampled_from([
    "a", "b", "é", ".", r"\.", r"\d", r"\w", r"\S", "[ab]", "[^a]", "[a-c1]", r"[\d-]", "[]a]", "^", "$", r"\b",
    r"\B", r"\x61", "(?:)", "(?m:^)", "(?m:$)",
])  # fmt: skip


def _grow(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    repeats = st.sampled_from(["*", "+", "?", "*?", "{2}", "{1,2}", "{0,}"])
    return st.one_of(
        st.lists(part, max_size=3).map("".join),
        st.builds("(?:{}){}".format, part, repeats),
        st.builds("({}|{})".format, part, part),
        st.builds("(?i:{})".format, part),
        st.builds("(?s:{})".format, part),
    )


@settings(max_examples=600, deadline=None)
@given(st.recursive(_atoms, _grow, max_leaves=8), st.text("ab1.é\n A-", max_size=8))
def test_finds_what_re_finds(pattern: str, text: str) -> None:
    assume(text or r"\B" not in pattern)  # where they find no place at all
    theirs = re.search(_python(pattern), text, re.ASCII)
    assert machine(pattern).search(text, lambda cost: None) is (theirs is not None)


def _python(pattern: str) -> str:
    """Return the pattern as `re` writes it, where `$` also stands before a line end that is the last."""
    return re.sub(r"(\(\?m:\$\))|\$", lambda found: found[1] or r"\Z", pattern)


SEARCHES = [
    (r"\Aab\z", "ab", True), (r"\Aab\z", "abc", False), ("(?i)ÄB", "äb", True), (r"\Qa.b\E+", "a.bb", True),
    (r"\Qa.b\E", "axb", False), ("[[:alpha:]]+[[:^digit:]]", "a!", True), (r"\pL\p{Nd}\P{L}", "é1!", True),
    (r"\pL", "1", False), (r"\p{^L}", "1", True), (r"\x{1F600}", "😀", True), (r"\d", "٣", False),
    (r"a{,2}", "a{,2}", True), ("(?P<year>[0-9]{4})-(?<month>[0-9]{2})", "on 2026-03", True), ("(?-i)a", "A", False),
    ("x*", "", True), ("^$", "", True), ("(a|b)*c|d", "abab", False), ("(?U)a+?", "a", True),
    (r"\101\t", "A\t", True),
    ("é", "e\u0301", False), ("(?s).", "\n", True), ("[^\\n]", "\n", False), ("a**", "", None), ("*a", "", None),
    ("(", "", None), (")", "", None), ("[a", "", None), ("[z-a]", "", None), (r"\1", "", None), ("(?=a)", "", None),
    ("a{1001}", "", None), ("a{3,2}", "", None), ("((a{99}){99}){99}", "", None), (r"\y", "", None), ("\\", "", None),
    ("[[:letters:]]", "", None), (r"\x{110000}", "", None), ("(" * 101 + ")" * 101, "", None),
    ("a" * 2_001, "", None),
    (r"[\b]", "", None), ("[a-\\d]", "", None),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "text", "found"), SEARCHES, ids=[row[0][:20] for row in SEARCHES])
def test_the_language_of_patterns(pattern: str, text: str, found: bool | None) -> None:
    if found is None:
        with pytest.raises(PatternError):
            machine(pattern)
    else:
        assert machine(pattern).search(text, lambda cost: None) is found


@pytest.mark.parametrize(
    "pattern", ["(a+)+$", "(a|a)*b", "(a*)*b", "(a?){30}a{30}b", "(.*a){12}b", "(?:a|aa)+$"]
)
def test_the_cost_grows_with_the_text_and_not_faster(pattern: str) -> None:
    def cost(length: int) -> int:
        spent: list[int] = []
        machine(pattern).search("a" * length + "!", spent.append)
        return sum(spent)

    cost(10)
    assert cost(20_000) < 2.2 * cost(10_000) + 20_000


@settings(max_examples=300, deadline=None)
@given(st.text(r"ab()[]{}|*+?\^$.-:<>Pidswxpz0129,&é", max_size=20), st.text(max_size=10))
def test_any_pattern_is_read_or_refused(pattern: str, text: str) -> None:
    try:
        found = machine(pattern).search(text, lambda cost: None)
    except PatternError:
        return
    assert found in (True, False)
