"""The tools of the document agent, on attached files."""

import json
from decimal import Decimal

import pytest

from agents.contracts.base import JsonObject
from agents.contracts.calls import AttachmentRef, Call, ToolRefusal
from agents.library.documents.reading import (
    ListArguments,
    ReadArguments,
    SearchArguments,
    list_documents,
    read_document,
    search_document,
)
from agents.library.documents.tables import CsvArguments, csv_summary
from agents.library.rehearsal.conversation import objects_at, string_at
from agents.models import Blob
from tests.agents.library.conftest import Attach
from tests.agents.library.pdf_files import pdf
from tests.agents.library.plain import plain_object

INLINE_CHARACTERS = 6_000


def with_files(call: Call, *files: AttachmentRef) -> Call:
    """The call of a run that has these files."""
    return call.model_copy(update={"attachments": files})


def raw(name: str, content: bytes, media_type: str) -> AttachmentRef:
    """A file that got past the form, whatever it holds."""
    blob = Blob.keep(content)
    return AttachmentRef(name=name, media_type=media_type, sha256=blob.sha256, size_bytes=len(content))


def summary(call: Call, text: str, attach: Attach, group_by: str | None = None) -> JsonObject:
    """What csv_summary says of a table."""
    files = with_files(call, attach("table.csv", text.encode()))
    return plain_object(csv_summary(CsvArguments(document="table.csv", group_by=group_by), files))


def test_without_files_the_tools_say_so(call: Call) -> None:
    with pytest.raises(ToolRefusal, match="no file is attached"):
        list_documents(ListArguments(), call)


def test_files_are_listed_with_their_extent_and_their_problems(call: Call, attach: Attach) -> None:
    files = with_files(
        call,
        attach("a.pdf", pdf("One.", "Two.")),
        attach("b.txt", b"x\ny"),
        raw("c.pdf", b"%PDF-1.4 rubbish", "application/pdf"),
        raw("d.txt", b"\xff\x00\xfe", "text/plain"),
    )
    listed = objects_at(plain_object(list_documents(ListArguments(), files)), "documents")
    assert [(each["name"], each["readable"]) for each in listed] == [
        ("a.pdf", True),
        ("b.txt", True),
        ("c.pdf", False),
        ("d.txt", False),
    ]
    assert (listed[0]["pages"], listed[1]["lines"]) == (2, 2)
    assert string_at(listed[2], "problem").startswith("c.pdf cannot be read: the PDF is broken")


def test_two_files_of_one_name_can_be_told_apart(call: Call, attach: Attach) -> None:
    files = with_files(call, attach("a.txt", b"first"), attach("a.txt", b"second"))
    read = plain_object(read_document(ReadArguments(document="a.txt (2)"), files))
    assert read["text"] == "second"


def test_search_gives_page_and_handle(call: Call, attach: Attach) -> None:
    files = with_files(call, attach("report.pdf", pdf("Nothing here.", "The budget was approved in May.")))
    found = plain_object(search_document(SearchArguments(document="REPORT.PDF", query="budgets approved"), files))
    (result,) = objects_at(found, "results")
    assert (result["source"], result["title"]) == ("report.pdf#p2-1", "report.pdf, page 2")


@pytest.mark.parametrize(
    ("query", "document", "sentence"),
    [("penguin", "a.txt", "no word of 'penguin'"), ("alpha", "b.txt", "there are: a.txt")],
)
def test_search_that_finds_nothing_is_refused(
    query: str, document: str, sentence: str, call: Call, attach: Attach
) -> None:
    files = with_files(call, attach("a.txt", b"alpha"))
    with pytest.raises(ToolRefusal, match=sentence):
        search_document(SearchArguments(document=document, query=query), files)


def test_a_broken_file_is_refused_with_a_sentence(call: Call, attach: Attach) -> None:
    del attach
    files = with_files(call, raw("c.pdf", b"%PDF-1.4 rubbish", "application/pdf"))
    with pytest.raises(ToolRefusal, match=r"c\.pdf cannot be read: the PDF is broken"):
        search_document(SearchArguments(document="c.pdf", query="anything"), files)


def test_reading_goes_on_where_it_stopped(call: Call, attach: Attach) -> None:
    lines = [f"This is line {number} of the file." for number in range(1, 401)]
    files = with_files(call, attach("long.txt", "\n".join(lines).encode()))
    texts, first = list[str](), 1
    while True:
        read = plain_object(read_document(ReadArguments(document="long.txt", first=first), files))
        texts.append(string_at(read, "text"))
        if not isinstance(read["next"], int):
            break
        first = read["next"]
    assert "\n".join(texts).split("\n") == lines
    assert max(map(len, texts)) <= 4_000


@pytest.mark.parametrize(("first", "last", "sentence"), [(9, None, "beyond its end"), (2, 1, "comes before")])
def test_reading_outside_the_document_is_refused(
    first: int, last: int | None, sentence: str, call: Call, attach: Attach
) -> None:
    files = with_files(call, attach("a.txt", b"1\n2\n3"))
    with pytest.raises(ToolRefusal, match=sentence):
        read_document(ReadArguments(document="a.txt", first=first, last=last), files)


def test_sums_of_a_table_are_exact(call: Call, attach: Attach) -> None:
    amounts = ["0.1", "0.2", "12345678901234567890.000000000000000001", "-3", ".5"]
    rows = "\n".join(["name,amount", *(f"n{number},{amount}" for number, amount in enumerate(amounts))])
    columns = objects_at(summary(call, rows, attach), "columns")
    assert columns[0]["type"] == "text"
    assert columns[1]["sum"] == "12345678901234567887.800000000000000001"
    assert (columns[1]["min"], columns[1]["max"]) == ("-3", amounts[2])
    assert Decimal(string_at(columns[1], "mean")) == Decimal("2469135780246913577.56")


def test_sums_can_be_split_by_a_column(call: Call, attach: Attach) -> None:
    table = "region;amount\nNorth;10.10\nSouth;20.25\nNorth;0.15\n"
    groups = objects_at(summary(call, table, attach, "REGION"), "groups")
    assert groups == (
        {"value": "North", "rows": 2, "sums": {"amount": "10.25"}},
        {"value": "South", "rows": 1, "sums": {"amount": "20.25"}},
    )


def test_a_column_with_one_word_in_it_is_text(call: Call, attach: Attach) -> None:
    columns = objects_at(summary(call, "a,b\n1,2\nx,3\n,4\n", attach), "columns")
    assert [(column["type"], column["filled"]) for column in columns] == [("text", 2), ("number", 3)]


def test_uneven_rows_are_counted(call: Call, attach: Attach) -> None:
    found = summary(call, "a,b\n1\n1,2,3\n\n1,2\n", attach)
    assert (found["rows"], found["uneven_rows"]) == (3, 2)


def test_a_wide_table_stays_within_what_a_thread_carries(call: Call, attach: Attach) -> None:
    header = ",".join(f"column with a rather long name that goes on and on {number}" for number in range(200))
    texts = ",".join("some text that is as long as cells tend to be" * 9 for _ in range(200))
    numbers = "\n".join(",".join(f"{row}.{number:020d}" for number in range(200)) for row in range(30))
    for rows, group_by in ((texts, None), (numbers, None), (numbers, f"{header.split(',', 1)[0]}")):
        found = summary(call, f"{header}\n{rows}\n", attach, group_by)
        assert len(json.dumps(found)) < INLINE_CHARACTERS


def test_a_column_of_too_many_values_cannot_split_sums(call: Call, attach: Attach) -> None:
    table = "id,amount\n" + "".join(f"{number},1\n" for number in range(1_002))
    with pytest.raises(ToolRefusal, match="more than 1000 different values"):
        summary(call, table, attach, "id")


@pytest.mark.parametrize(
    ("name", "content", "group_by", "sentence"),
    [
        ("a.txt", b"a,b\n1,2", None, "is no CSV file"),
        ("a.csv", b"a,b\n1,2", "c", "no column 'c'; its columns are: a, b"),
    ],
)
def test_what_is_no_table_is_refused(
    name: str, content: bytes, group_by: str | None, sentence: str, call: Call, attach: Attach
) -> None:
    files = with_files(call, attach(name, content))
    with pytest.raises(ToolRefusal, match=sentence):
        csv_summary(CsvArguments(document=name, group_by=group_by), files)
