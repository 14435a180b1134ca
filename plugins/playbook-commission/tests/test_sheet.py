"""Statements as files: every amount that JSON has, in the reader's language and direction, and nothing that bites."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pypdfium2
import pytest
from tests.paying import Paying

import playbook_commission
from playbook import Close, InputError, Money, Open
from playbook_commission.commands.statement import line_document
from playbook_commission.settling.settlements import Adjust
from playbook_commission.showing import sheet_pdf
from playbook_commission.showing.sheet import Sheet, sheet
from playbook_commission.showing.sheet_csv import table
from playbook_commission.showing.sheet_html import html
from playbook_commission.showing.sheet_pdf import pdf
from playbook_commission.showing.telling import telling_lines
from playbook_commission.showing.wording import LANGUAGES, Wording
from playbook_commission.statements.paying import Line
from playbook_commission.statements.statement import Statement

_PERSIAN = str.maketrans("۰۱۲۳۴۵۶۷۸۹\u066c\u066b\u2212", "0123456789,.-")
NAMES = ("Lumen <b>& Söhne</b>", "=HYPERLINK(1)", "شرکت آرمان", '"Kestrel\u202e" AG')
ORGANIZATION = """
organization: acme
currency: EUR
timezone: Europe/Berlin
people:
  sam: {name: Sam Okafor, role: ae, team: emea}
  dana: {name: Dana, role: sales_manager, team: emea}
  fin: {name: Fay, role: finance}
teams: {emea: {title: EMEA, manager: dana}}
measures:
  revenue: {playbook: deals, outcome: won, amount: deal.amount, date: case.closed}
  due: {playbook: deals, amount: deal.due, date: case.closed}
  kept: {ratio: [revenue, due]}
quotas:
  - {period: 2027-Q1, measure: revenue, person: sam, target: 2000 EUR}
  - {period: 2027-Q2, measure: revenue, person: sam, target: 2000 EUR}
  - {period: 2027-Q3, measure: revenue, person: sam, target: 9200 EUR}
  - {period: 2027-Q3, measure: revenue, person: sam, target: 18400 EUR, from: 2027-08-01}
"""
PLAN = """
plan: ae
title: Account executive
applies_to: {role: ae}
effective: {from: 2027-01-01, to: 2027-12-31}
components:
  new:
    title: New business
    of: revenue
    rate: {by: attainment}
    tiers: [{from: 0%, pay: 10%}, {from: 100%, pay: 20%}, {from: 200%, pay: 25%}]
    cap: {amount: 390 EUR}
  fast: {of: revenue, spiff: {pay: 50 EUR, when: deal.amount >= 900 EUR}, gate: {of: kept, above: 99%}}
  kept:
    of: kept
    pays: share_of_target_pay
    rate: {by: value, mode: interpolated}
    tiers: [{from: 0%, pay: 0%}, {from: 80%, pay: 0%}, {from: 100%, pay: 50%}]
hold: {share: 50%, until: entry.payment, release: by_amount_paid}
clawback: {on: entry.refund, within: 6mo, share: of_amount_refunded}
draw: {amount: 100 EUR}
"""


class Office(Paying):
    def __init__(self) -> None:
        super().__init__(ORGANIZATION, ae_plan=PLAN)
        self.target_pay = PAY
        self.sold("d1", "2027-01-10", "800 EUR", "1000 EUR")
        self.today = "2027-04-01"
        self.settle("2027-Q1")
        self.entry("d1", "2027-04-20", "refund", amount="400 EUR")
        self.sold("d2", "2027-04-05", "600 EUR", "2500 EUR")
        self.sold("d3", "2027-04-06", "900 EUR", "2500 EUR")
        self.sold("d4", "2027-04-07", "2500 EUR", "2500 EUR")
        self.entry("d3", "2027-04-25", "payment", amount="300 EUR")
        self.do(Adjust("sam.ae.2027-Q2", "25 EUR", "=SUM(a)"), actor="fin")
        self.today = "2027-05-01"

    def sold(self, case: str, day: str, amount: str, due: str) -> None:
        name = NAMES[int(case[1:]) - 1]
        self.do(Open(case, "deals", name, owner="sam", fields={"amount": amount, "due": due}), day)
        self.do(Close(case, "won"), day)

    def statement(self, period: str = "2027-Q2") -> Statement:
        return self.book.statement("sam", period)

    def sheet(self, language: str, period: str = "2027-Q2") -> Sheet:
        book = self.book
        return sheet(book, book.plans["ae"], self.statement(period), Wording.of(language))


PAY = {"sam": Money.parse("1000 EUR")}


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    made = Office()
    yield made
    made.close()


def plain(text: str) -> str:
    """Return a text without isolates, with the digits and signs that Python reads."""
    text = re.sub("[\u2066-\u2069]", "", text).translate(_PERSIAN)
    return text.replace("\u00a0", " ")


def amounts(one: Statement) -> list[str]:
    return [f"{line_document(one, line)['pay'].amount:,}" for line in one.lines]


# -- CSV --------------------------------------------------------------------------------------------


def test_csv_read_again_is_what_json_says(office: Office) -> None:
    one = office.statement()
    rows = list(csv.DictReader(io.StringIO(table(one))))
    lines, sums = (
        [row for row in rows if row["line"]],
        {row["kind"]: row["sum"] for row in rows if row["sum"]},
    )
    for row, line in zip(lines, one.lines, strict=True):
        said = line_document(one, line)
        parts = re.findall(r"(\S+)\.\.(\S*) at (\S+) = ([^;\s]+)", row["slices"])
        assert (row["line"], row["case"], row["component"], row["kind"]) == (
            said["id"], said["case"], said["component"], said["kind"],
        )  # fmt: skip
        credit = said["credit"]  # a number for a ratio
        assert Decimal(row["credit"]) == (credit if isinstance(credit, Decimal) else credit.amount)
        assert row["pay"] == str(said["pay"].amount)
        assert (row["because"].removeprefix("'"), row["undoes"]) == (
            said.get("because", ""),
            said.get("undoes", ""),
        )
        for (start, end, rate, pay), part in zip(parts, said["slices"], strict=True):
            assert (Money.parse(f"{start} EUR").amount, Money.parse(f"{rate} EUR").amount) == (
                part["from"],
                part["rate"],
            )
            assert (end, pay) == (
                f"{part['to'].normalize():f}" if part["to"] is not None else "",
                str(part["pay"].amount),
            )
    assert set(sums) == {"earned", "draw", "held", "paid", "owed"}
    assert sum(Money.parse(f"{row['pay']} EUR").amount for row in lines) == one.earned - one.held


def test_a_spreadsheet_computes_nothing_of_a_text(office: Office) -> None:
    (row,) = [
        row for row in csv.DictReader(io.StringIO(table(office.statement()))) if row["kind"] == "manual"
    ]
    assert row["because"] == "'=SUM(a)"


# -- HTML -------------------------------------------------------------------------------------------


class Reader(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.said: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.said += [data.strip()] if data.strip() else []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_has_every_amount_in_every_language(office: Office, language: str) -> None:
    page, one = office.sheet(language), office.statement()
    read = Reader(html(page))
    group, point = {"ru": (" ", ","), "tr": (".", ",")}.get(language, (",", "."))
    shown = [plain(text) for text in read.said]
    for amount in amounts(one):
        assert amount.replace(",", "g").replace(".", point).replace("g", group) in shown
    right = language in ("fa", "he")
    assert dict(read.tags)["html"] == {"lang": language, "dir": "rtl" if right else "ltr"}
    assert not {"script", "link", "img", "iframe"} & {tag for tag, _ in read.tags}
    assert "http" not in html(page)


def test_names_are_escaped_and_cannot_turn_the_text_around(office: Office) -> None:
    text = html(office.sheet("en"))
    assert "Lumen &lt;b&gt;&amp; Söhne&lt;/b&gt;" in text
    assert "&quot;Kestrel&quot; AG" in text
    assert "<b>&" not in text
    assert "\u202e" not in text
    assert f"\u2068{NAMES[2]}\u2069" in text


def test_the_page_is_read_from_heading_to_heading(office: Office) -> None:
    read = Reader(html(office.sheet("en")))
    levels = [int(tag[1]) for tag, _ in read.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    cells = [attrs for tag, attrs in read.tags if tag == "th"]
    assert all(attrs.get("scope") in ("col", "row") for attrs in cells)


def test_it_says_why_how_far_and_what_comes_next(office: Office) -> None:
    said = plain(" ".join(Reader(html(office.sheet("en"))).said))
    for part in (
        "4,000 EUR of 2,000 EUR: 200% of the quota.",
        "It pays 25% now. The highest step is reached.",
        "500.00 \u00d7 10% + 2,000.00 \u00d7 20%",
        "at most 390 EUR a period",
        "New business",
        "kept is not above 99%",
        "53.33% so far.",
        "Refund of 20 April 2027",
        "One more deal like شرکت آرمان (900.00 EUR) would bring nothing more in this period.",
    ):
        assert part in said, part


def test_where_a_person_is_stands_between_the_steps_that_rise_evenly(office: Office) -> None:
    gauges = {gauge.title: gauge for gauge in office.sheet("en").gauges}
    assert [step[:3] for step in gauges["kept"].steps] == [
        ("0%", "0% of target pay", "passed"), ("53.33%", "0% of target pay", "here"),
        ("80%", "0% of target pay", ""), ("100%", "50% of target pay", ""),
    ]  # fmt: skip
    assert [step[2] for step in gauges["New business"].steps] == ["passed", "passed", "here"]


def test_a_quota_that_changed_says_since_when(office: Office) -> None:
    for language, said in (("en", "From 1 August 2027 on"), ("fa", "از 1 اوت 2027")):
        (new, _) = office.sheet(language, "2027-Q3").gauges
        assert any(plain(text).startswith(said) for text in new.said), new.said


def test_a_settled_page_says_so_and_supposes_nothing(office: Office) -> None:
    page = office.sheet("fa", "2027-Q1")
    assert page.further == ()
    assert plain(dict(page.facts)["وضعیت"]).startswith("در 1 آوریل 2027 به دست Fay تسویه شد")
    assert plain(dict(page.facts)["دوره"]) == "سه‌ماههٔ 1 سال 2027 (1 ژانویه 2027 تا 31 مارس 2027)"


def test_persian_tells_every_reason_in_persian(office: Office) -> None:
    page = office.sheet("fa")
    told = [*page.further, page.basis, *(text for gauge in page.gauges for text in gauge.said), page.owed]
    told += [cell for one in (*page.tables, *page.others) for row in one.rows for cell in row.cells]
    names = set("New business kept fast Refund EUR HYPERLINK SUM a Kestrel AG Lumen b S hne".split())
    assert {word for text in told for word in re.findall("[A-Za-z]+", text)} <= names


# -- PDF --------------------------------------------------------------------------------------------


def extracted(written: bytes) -> str:
    document = pypdfium2.PdfDocument(written)
    return "\n".join(page.get_textpage().get_text_range() for page in document).replace("\r", "")


def test_a_pdf_holds_what_the_page_holds_in_the_order_of_reading(office: Office) -> None:
    page, one = office.sheet("en"), office.statement()
    said = plain(extracted(pdf(page)))
    for amount in amounts(one):
        assert re.search(rf"(?<![\d,]){re.escape(amount)}(?!\d)", said), amount
    order = [
        page.title,
        page.person,
        page.standing,
        page.more,
        page.sold,
        *(one.title for one in page.others),
        page.reading,
    ]
    places = [said.index(text) for text in order]
    assert places == sorted(places)


def test_a_pdf_is_tagged_in_its_language_and_the_same_for_the_same_page(office: Office) -> None:
    for language in LANGUAGES:
        page = office.sheet(language)
        written = pdf(page)
        assert written == pdf(page)
        document = pypdfium2.PdfDocument(written)
        assert document.is_tagged()
        assert f"/Lang({language})".encode() in written.replace(b" ", b"")
        assert document.get_metadata_dict()["Title"].startswith(page.title)


def written_at_the_left(written: bytes, until: int) -> list[str]:
    """Return what stands on each line up to so many points from the left edge, as it is seen."""
    found = []
    for page in pypdfium2.PdfDocument(written):
        text, lines = page.get_textpage(), dict[int, list[tuple[float, str]]]()
        for index in range(text.count_chars()):
            left, bottom, right, top = text.get_charbox(index)
            if (
                right <= until and not text.get_text_range(index, 1).isspace()
            ):  # the reader's line ends have boxes too
                line = next(
                    (line for line in lines if abs(line - (bottom + top) / 2) < 7), round((bottom + top) / 2)
                )
                lines.setdefault(line, []).append((left, text.get_text_range(index, 1)))
        found += ["".join(sign for _, sign in sorted(lines[line])) for line in sorted(lines, reverse=True)]
    return found


def test_a_persian_pdf_is_laid_out_from_right_to_left_with_persian_digits(office: Office) -> None:
    page = office.sheet("fa")
    seen = "\n".join(written_at_the_left(pdf(page), 130))
    assert not re.search("[0-9]", seen)
    shown = re.findall(r"^-?[\d,]+\.\d\d$", plain(seen), re.MULTILINE)
    tables = (*page.tables, *page.others)
    assert shown == [
        plain(said) for one in tables for said in (*(row.cells[-1] for row in one.rows), one.total)
    ]


def test_a_letter_without_a_font_is_told(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    fonts = {name: family for name, family in sheet_pdf.FONTS.items() if "cjk" not in name}
    monkeypatch.setattr(sheet_pdf, "FONTS", fonts)
    with pytest.raises(InputError, match=r"no font with the letter .*playbook-commission\[pdf-chinese\]"):
        pdf(office.sheet("zh"))


def test_without_its_packages_a_pdf_is_refused_with_what_to_install(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet_pdf, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'playbook-commission\[pdf\]'"):
        pdf(office.sheet("en"))


# -- words ------------------------------------------------------------------------------------------


def test_every_language_has_every_text_with_the_same_places() -> None:
    folder = Path(playbook_commission.__file__).parent / "showing" / "words"
    words = {name: json.loads((folder / f"{name}.json").read_text(encoding="utf-8")) for name in LANGUAGES}
    for name, texts in words.items():
        assert texts.keys() == words["en"].keys()
        for key in texts.keys() - {"month"}:
            assert set(re.findall(r"{\w+}", texts[key])) == set(re.findall(r"{\w+}", words["en"][key])), (
                name,
                key,
            )
        assert len(texts["months"].split()) == 12


def test_a_share_that_is_shown_as_nothing_has_no_sign() -> None:
    shares = [Wording.of("en").percent(Decimal(share)) for share in ("-0.00001", "-0.125", "0")]
    assert shares == ["0%", "\u221212.5%", "0%"]


def test_lines_that_credit_nothing_of_a_deal_that_another_credits_are_left_out() -> None:
    made = (
        Line("new:a", "new", "credit", Decimal(1), "a", Decimal(10)),
        Line("more:a", "more", "credit", Decimal(0), "a"),
        Line("more:b", "more", "credit", Decimal(0), "b"),
        Line("new:a:gate", "new", "gate", Decimal(-1), "a"),
    )
    one = Statement("sam", "2027-Q1", "ae", "1", "EUR", made, ())
    assert [line.id for line in telling_lines(one)] == ["new:a", "more:b", "new:a:gate"]


@pytest.mark.parametrize(("budget", "spent"), [("50 EUR", True), ("75 EUR", True), ("100 EUR", False)])
def test_a_page_says_where_the_budget_of_a_bonus_is_spent(budget: str, spent: bool) -> None:
    fast = f"fast: {{of: revenue, spiff: {{pay: 50 EUR, budget: {budget}}}}}"
    plan = f"plan: ae\neffective: {{from: 2027-01-01}}\napplies_to: {{role: ae}}\ncomponents:\n  {fast}\n"
    office = Paying(ORGANIZATION, ae_plan=plan)
    for day in ("2027-01-10", "2027-01-11"):
        office.won(day, "800 EUR")
    book = office.book
    page = sheet(book, book.plans["ae"], book.statement("sam", "2027-Q1"), Wording.of("en"))
    said = f"The budget of {budget} for this bonus is spent: not every deal brings it.".replace(
        " EUR", "\u00a0EUR"
    )
    assert [gauge.said for gauge in page.gauges] == ([(said,)] if spent else [])
    office.close()
