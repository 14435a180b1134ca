"""Generated expressions beside CEL's own library: the same value, or both an error."""

from __future__ import annotations

import functools
from typing import Any

from cel_expr_python import cel
from hypothesis import given, settings
from hypothesis import strategies as st

from playbook.expressions import (
    STANDARD,
    Environment,
    EvalError,
    Scope,
    Unknown,
    check,
    compile,  # noqa: A004 - the public name
    dump,
    load,
    parse,
)  # fmt: skip
from playbook.expressions.types import BOOL, DOUBLE, INT, TEXT, list_of, map_of
from playbook.expressions.values import Map
from playbook.testing.cel import NOW, form_of
from playbook.times import Calendar

NAMES = {
    "i": INT, "j": INT, "d": DOUBLE, "e": DOUBLE, "s": TEXT, "t": TEXT, "b": BOOL, "l": list_of(INT),
    "m": map_of(TEXT, INT),
}  # fmt: skip
THEIRS = {
    "i": cel.Type.INT, "j": cel.Type.INT, "d": cel.Type.DOUBLE, "e": cel.Type.DOUBLE, "s": cel.Type.STRING,
    "t": cel.Type.STRING, "b": cel.Type.BOOL, "l": cel.Type.List(cel.Type.INT),
    "m": cel.Type.Map(cel.Type.STRING, cel.Type.INT),
}  # fmt: skip
ENVIRONMENT = cel.NewEnv(variables=THEIRS)

_ints = st.integers(-3, 3) | st.sampled_from([2**63 - 1, -(2**63), 2**53 + 1, 1_000_000])
_doubles = st.sampled_from(
    [0.0, -0.0, 1.5, -2.0, 1e300, 0.1, 3.0, 9007199254740993.0, float("inf"), float("nan")]
)
_texts = st.text("ab.é😀", max_size=3)
_bindings = st.fixed_dictionaries({
    "i": _ints, "j": _ints, "d": _doubles, "e": _doubles, "s": _texts, "t": _texts, "b": st.booleans(),
    "l": st.lists(_ints, max_size=3), "m": st.dictionaries(st.sampled_from(["a", "b"]), _ints, max_size=2),
})  # fmt: skip

_PATTERNS = ["'a+'", "'^a.?$'", "'(a|b)*é'", "'[^a]b?'", "'\\\\.'", "''", "'a{{2}}|b'"]
_LEAVES = {
    "int": ["i", "j", "0", "1", "(-2)", "7", "9223372036854775807"],
    "double": ["d", "e", "0.5", "2.0", "1e3"],
    "text": ["s", "t", "string(1e300)", "string(-0.00001)", "string(123456.75)", "''", "'a'", "'bé'"],
    "bool": ["b", "true", "false", "1 / 0 == 1", "m.a > 0"],
    "list": ["l", "[]", "[1, 2, 3]", "[i, j]"],
    "map": ["m", "{'a': 1}", "{'a': i, 'b': 2}", "{}"],
    "any": [
        "dyn(null)",
        "dyn(1)",
        "dyn(2u)",
        "dyn(i)",
        "dyn(d)",
        "dyn(s)",
        "dyn([1.0, 2u])",
        "dyn({1u: 'x', 'y': true})",
    ],
}
_COMPARISONS = ["==", "!=", "<", "<=", ">", ">="]
# What makes a value of a kind: a form, and the kinds that fill it; "test" and "made" stand inside a macro.
_FORMS: dict[str, list[tuple[str, tuple[str, ...]]]] = {
    "int": [
        *((f"({{}} {sign} {{}})", ("int", "int")) for sign in "+-*/%"), ("-({})", ("int",)),
        ("size({})", ("text",)), ("{}.size()", ("list",)), ("size({})", ("map",)), ("{}[{}]", ("list", "int")),
        ("{}[{}]", ("map", "text")), ("{}.a", ("map",)), ("({} ? {} : {})", ("bool", "int", "int")),
        ("int({})", ("double",)), ("int({})", ("text",)), ("int(string({}))", ("int",)),
    ],
    "double": [
        *((f"({{}} {sign} {{}})", ("double", "double")) for sign in "+-*/"), ("-({})", ("double",)),
        ("double({})", ("int",)), ("({} ? {} : {})", ("bool", "double", "double")),
    ],
    "text": [
        ("({} + {})", ("text", "text")), ("string({})", ("int",)), ("string({})", ("bool",)),
        ("string(double({}))", ("int",)), ("({} ? {} : {})", ("bool", "text", "text")),
        ("string(bytes({}))", ("text",)),
    ],
    "bool": [
        *((f"({{}} {sign} {{}})", (kind, kind)) for sign in _COMPARISONS for kind in ("int", "double", "text")),
        *((f"({{}} {sign} {{}})", (kind, kind)) for sign in ("==", "!=") for kind in ("list", "map", "bool", "any")),
        ("(dyn({}) < {})", ("int", "double")), ("(dyn({}) == {})", ("double", "int")), ("!{}", ("bool",)),
        ("({} && {})", ("bool", "bool")), ("({} || {})", ("bool", "bool")), ("{}.contains({})", ("text", "text")),
        ("{}.startsWith({})", ("text", "text")), ("{}.endsWith({})", ("text", "text")),
        *((f"{{}}.matches({pattern})", ("text",)) for pattern in _PATTERNS),
        ("({} in {})", ("int", "list")), ("({} in {})", ("text", "map")), ("has({}.a)", ("map",)),
        ("{}.all({}, {})", ("list", "item", "test")), ("{}.exists({}, {})", ("list", "item", "test")),
        ("{}.exists_one({}, {})", ("list", "item", "test")), ("{}.exists(k, k < 'b')", ("map",)),
        ("(type({}) == type({}))", ("any", "any")), ("bool({})", ("text",)),
    ],
    "list": [
        ("({} + {})", ("list", "list")), ("[{}, {}]", ("int", "int")),
        ("{}.filter({}, {})", ("list", "item", "test")),
        ("{}.map({}, {})", ("list", "item", "made")), ("({} ? {} : {})", ("bool", "list", "list")),
    ],
    "map": [("{{'a': {}, {}: {}}}", ("int", "text", "int")), ("({} ? {} : {})", ("bool", "map", "map"))],
    "any": [
        ("dyn([{}])", ("any",)), ("dyn({})", ("double",)), ("dyn({})", ("list",)),
        ("dyn({{{}: {}}})", ("int", "any")),
        ("dyn({})", ("map",)),
    ],
}  # fmt: skip
_INSIDE = {"test": "bool", "made": "int"}


@functools.cache
def _texts_of(kind: str, depth: int, items: int = 0) -> st.SearchStrategy[str]:
    """Return expressions of a kind; inside macros `n0`, `n1` are the items."""
    if kind == "item":
        return st.just(f"n{items}")
    if kind in _INSIDE:
        return _texts_of(_INSIDE[kind], depth, items + 1)
    leaves = st.sampled_from([*_LEAVES[kind], *(f"n{n}" for n in range(items) if kind == "int")])
    if not depth:
        return leaves
    forms = [
        st.tuples(*[_texts_of(part, depth - 1, items) for part in parts]).map(functools.partial(_fill, form))
        for form, parts in _FORMS[kind]
    ]
    return st.one_of(leaves, *forms)


def _fill(form: str, parts: tuple[str, ...]) -> str:
    return form.format(*parts)


def _theirs(text: str, bindings: dict[str, Any]) -> object:
    try:
        value = ENVIRONMENT.compile(text).eval(data=bindings)
    except RuntimeError:
        return "error"
    return "error" if value.type() == cel.Type.ERROR else _plain(value)


def _plain(value: Any) -> object:
    """Return the form of their value, by their types."""
    kind, held = value.type().name(), value.value()
    if kind.startswith("LIST"):
        return "list", [_plain(item) for item in held]
    if kind.startswith("MAP"):
        return "map", sorted(((repr(key), _plain(item)) for key, item in held.items()), key=repr)
    return form_of(bytes(held) if kind == "BYTES" else held)


def _ours(text: str, bindings: dict[str, Any]) -> object:
    node, mistakes = parse(text)
    assert node is not None, (text, mistakes)
    checked = check(node, Environment(names=NAMES, functions=STANDARD))
    roots = {**bindings, "l": tuple(bindings["l"]), "m": Map(bindings["m"].items())}
    answer = compile(load(dump(checked.node)), STANDARD)(Scope(roots, NOW, Calendar()))
    return "error" if checked.mistakes or isinstance(answer, (EvalError, Unknown)) else _our_form(answer)


def _our_form(value: Any) -> object:
    """Return the form of our value, with unsigned numbers as theirs come to Python."""
    if isinstance(value, tuple):
        return "list", [_our_form(item) for item in value]
    if isinstance(value, Map):
        return "map", sorted(
            ((repr(key).rstrip("u"), _our_form(item)) for key, item in value.items()), key=repr
        )
    return form_of(int(value) if value.__class__.__name__ == "Uint" else value)


_KINDS = st.sampled_from(["bool", "bool", "int", "double", "text", "list", "map", "any"])


@settings(max_examples=500, deadline=None)
@given(_KINDS.flatmap(lambda kind: _texts_of(kind, 3)), _bindings)
def test_the_same_answer_as_the_library(text: str, bindings: dict[str, Any]) -> None:
    assert _ours(text, bindings) == _theirs(text, bindings)
