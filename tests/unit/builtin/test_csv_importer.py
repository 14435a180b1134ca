"""Rows of CSV files: every encoding and line end, and a name for whatever cannot be read right."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playbook.builtin.csv_importer import read
from playbook.errors import InputError

if TYPE_CHECKING:
    from playbook.model.contributions import SourceRow

ENCODINGS = Path(os.environ.get("PLAYBOOK_DATA", Path(__file__).parents[4] / "shared" / "data")) / "encodings"


def _rows(path: Path, **reads: Any) -> list[SourceRow]:
    return list(read(path, reads, lambda count: None))


def _of(tmp_path: Path, data: bytes, **reads: Any) -> list[SourceRow]:
    path = tmp_path / "file.csv"
    path.write_bytes(data)
    return _rows(path, **reads)


def _cells(rows: list[SourceRow]) -> list[list[str]]:
    assert not [row.fault for row in rows if row.fault]
    return [list(row.cells.values()) for row in rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_the_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    rows = _of(tmp_path, "name,price\nJörg,5 €\n".encode(encoding), encoding="detect")
    assert [dict(row.cells) for row in rows] == [{"name": "Jörg", "price": "5 €"}]


def test_bytes_without_meaning_in_cp1252_are_latin_1(tmp_path: Path) -> None:
    assert _cells(_of(tmp_path, b"name\nJ\xf6rg\x81\n")) == [["Jörg\x81"]]


def test_a_given_encoding_is_used_and_a_byte_order_mark_knows_better(tmp_path: Path) -> None:
    assert _cells(_of(tmp_path, "a\nя\n".encode("cp1251"), encoding="cp1251")) == [["я"]]
    assert _cells(_of(tmp_path, "a\nя\n".encode("utf-8-sig"), encoding="cp1251")) == [["я"]]
    assert _cells(_of(tmp_path, "a\nя\n".encode("utf-16-le"), encoding="utf-16-le")) == [["я"]]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_are_those_an_editor_shows(tmp_path: Path, end: str) -> None:
    lines = ["id,text", "1,short", "", '2,"two', 'lines"', "3,last"]
    rows = _of(tmp_path, end.join(lines).encode())
    assert [(row.line, row.cells["id"]) for row in rows] == [(2, "1"), (4, "2"), (6, "3")]
    assert rows[1].cells["text"] == f"two{end}lines"


def test_a_row_that_cannot_be_used_is_named_and_the_others_are_read(tmp_path: Path) -> None:
    data = b'a,b\n1,2\n3\n4,5,6\n\0,7\n"8"x,9\n10,11\n"12,13\n14,15\n'
    rows = _of(tmp_path, data)
    assert [(row.line, row.fault) for row in rows] == [
        (2, ""),
        (3, "1 cell, where the header has 2 columns"),
        (4, "3 cells, where the header has 2 columns"),
        (5, "column 'a' holds a NUL character"),
        (6, "text follows a closing quote; inside quotes, write a quote twice"),
        (7, ""),
        (8, "a quote is opened and never closed; lines 8 to 9 were taken for one row"),
    ]
    assert rows[1].cells == {"a": "3"}


def test_a_quote_that_swallows_more_than_a_cell_can_hold_is_named_and_reading_goes_on(tmp_path: Path) -> None:
    filler = b"1,2\n" * (csv.field_size_limit() // 4)
    rows = _of(tmp_path, b'a,b\n"0,0\n' + filler + b"3,4\n")
    assert "never closed; lines 2 to" in rows[0].fault
    assert (rows[-1].cells, rows[-1].fault) == ({"a": "3", "b": "4"}, "")


@pytest.mark.parametrize(
    ("data", "reads", "told"),
    [
        (b"", {}, "is empty"),
        (b"\n\n", {}, "has no header"),
        (b",,\n1,2,3\n", {}, "has no header"),
        (b"a,,c\n1,2,3\n", {}, "column 2 has no name"),
        (b"a,b, a\n1,2,3\n", {}, "columns 1 and 3 are both named 'a'"),
        (b'"a,b\n1,2\n', {}, "the header cannot be read: a quote is opened and never closed"),
        ("a,b\n1,2\n".encode("utf-16-le"), {}, "if this is UTF-16, write encoding: utf-16-le"),
        (b"a;b\n1;2\n", {}, 'write delimiter: ";"'),
        (b"a\tb\n1\t2\n", {}, r'write delimiter: "\t"'),
        (b"a,b\n1,2\n3,\xff\n", {"encoding": "utf-8"}, "line 3 is not utf-8"),
        ("a\nb".encode("utf-16") + b"!", {}, "line 2 is not utf-16"),
        (b"a\n", {"encoding": "utf8000"}, "'utf8000' is no encoding"),
        (b"a\n", {"encoding": "hex"}, "'hex' is no encoding"),
        (b"a\n", {"delimiter": "::"}, "'::' is not a delimiter"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    tmp_path: Path, data: bytes, reads: dict[str, Any], told: str
) -> None:
    with pytest.raises(InputError) as caught:
        _of(tmp_path, data, **reads)
    assert told in str(caught.value)


def test_a_file_that_is_not_there_or_is_a_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        _rows(tmp_path / "nowhere.csv")
    with pytest.raises(InputError, match="directory"):
        _rows(tmp_path)


def test_a_delimiter_that_is_given_is_used(tmp_path: Path) -> None:
    assert _cells(_of(tmp_path, b"a;b\n1,5;2\n", delimiter=";")) == [["1,5", "2"]]
    assert _cells(_of(tmp_path, b"a;b\n1\n", delimiter=",")) == [["1"]]


def test_progress_ends_with_the_size_of_the_file(tmp_path: Path) -> None:
    path, told = tmp_path / "file.csv", list[int]()
    path.write_text("a,b\n" + "1,2\n" * 30_000)
    assert sum(1 for _ in read(path, {}, told.append)) == 30_000
    assert told == sorted(told)
    assert len(told) > 10
    assert told[-1] == path.stat().st_size


@given(
    rows=st.lists(
        st.lists(st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=3, max_size=3)
    ),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_a_csv_writer_wrote_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], encoding: str
) -> None:
    path = tmp_path_factory.mktemp("csv") / "file.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([["a", "b", "c"], *rows])
    assert _cells(_rows(path)) == rows


HARD = {
    "FY09_EDU_Recipients_by_State.csv": "column 10 has no name",
    "README.csv": 3,
    "bad.csv": [
        "4 cells, where the header has 3 columns",
        "2 cells, where the header has 3 columns",
        ["0", "mixed types.... uh oh", "17"],
    ],
    "blanks.csv": [["", "NA", "N/A", "NONE", "NULL", "."]],
    "date_like_number.csv": [["4.5"]],
    "empty.csv": "has no header",
    "ks_1033_data.csv": 1575,
    "mac_newlines.csv": [["1", "2", "3"], ["Once upon\ra time", "5", "6"]],
    "no_header_row.csv": 0,
    "null_byte.csv": ["column 'a' holds a NUL character"],
    "optional_quote_characters.csv": [["1", "2", "3"]],
    "test_date_format.csv": [["02/01/2014"], ["31/12/2012"]],
    "test_empty_columns_long_row.csv": ["4 cells, where the header has 3 columns"],
    "test_empty_columns_short_row.csv": ["2 cells, where the header has 3 columns"],
    "test_extra_header.csv": ["3 cells, where the header has 4 columns"],
    "test_header_newline.csv": [["d", "e", "f"]],
    "test_latin1.csv": [["1", "2", "3"], ["4", "5", "©"]],
    "test_locale.csv": [["1,7", "200.000.000", ""]],
    "test_locale_converted.csv": [["1.7", "200000000", ""]],
    "test_utf16_big.csv": [["1", "2", "3"], ["4", "5", "ʤ"]],
    "test_utf16_little.csv": [["1", "2", "3"], ["4", "5", "ʤ"]],
    "test_utf8.csv": [["1", "2", "3"], ["4", "5", "ʤ"]],
    "test_utf8_bom.csv": [["1", "2", "3"], ["4", "5", "ʤ"]],
}


@pytest.mark.skipif(not ENCODINGS.is_dir(), reason=f"the data set {ENCODINGS} is not here")
class TestHardFiles:
    def test_every_file_is_expected_to_be_something(self) -> None:
        assert {path.name for path in ENCODINGS.glob("*.csv")} == set(HARD)

    @pytest.mark.parametrize("name", HARD)
    def test_a_hard_file_is_read_right_or_refused_with_the_reason(self, name: str) -> None:
        expected = HARD[name]
        if isinstance(expected, str):
            with pytest.raises(InputError, match=expected):
                _rows(ENCODINGS / name)
            return
        rows = _rows(ENCODINGS / name)
        if isinstance(expected, int):
            assert len(_cells(rows)) == expected
        else:
            assert [row.fault or list(row.cells.values()) for row in rows] == expected

    def test_white_space_in_the_header_is_made_single(self) -> None:
        assert list(_rows(ENCODINGS / "test_header_newline.csv")[0].cells) == ["start end", "b", "c"]
