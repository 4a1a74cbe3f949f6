"""The tools that list, search and read the run's files."""

from pydantic import Field, JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import AttachmentRef, Call, ToolRefusal
from agents.library.documents.attached_files import find_file, index_file, named_files, read_file
from agents.library.documents.extraction import Extract
from agents.tools.define import Arguments, python_tool

READ_CHARACTERS = 4_000
SNIPPET_CHARACTERS = 700

Document = Field(min_length=1, max_length=255, description="The file's name as list_documents gives it.")


class ListArguments(Arguments):
    pass


class SearchArguments(Arguments):
    document: str = Document
    query: str = Field(min_length=2, max_length=300, description="Words to look for.")
    limit: int = Field(default=4, ge=1, le=6, description="How many passages at most.")


class ReadArguments(Arguments):
    document: str = Document
    first: int = Field(default=1, ge=1, le=10_000_000, description="First page of a PDF, first line of any other file.")
    last: int | None = Field(
        default=None, ge=1, le=10_000_000, description="Last page or line; as far as fits if null."
    )


def list_documents(_arguments: ListArguments, call: Call) -> JsonValue:
    """Every attached file with its extent, or why it cannot be read. Raises ToolRefusal without files."""
    return {"documents": [_entry(name, ref) for name, ref in named_files(call).items()]}


def search_document(arguments: SearchArguments, call: Call) -> JsonValue:
    """The passages that fit best. Raises ToolRefusal for an unknown or unreadable file, or without a hit."""
    name, ref = find_file(call, arguments.document)
    hits = index_file(name, ref).search(arguments.query, limit=arguments.limit)
    if not hits:
        raise ToolRefusal(f"no word of {arguments.query!r} occurs in {name}; try other words or read the document")
    results: list[JsonValue] = [
        {
            "source": hit.passage.source,
            "title": hit.passage.title,
            "text": hit.passage.text if len(hit.passage.text) <= SNIPPET_CHARACTERS else hit.snippet,
        }
        for hit in hits
    ]
    return {"document": name, "query": arguments.query, "results": results}


def read_document(arguments: ReadArguments, call: Call) -> JsonValue:
    """The text from ``first`` on, up to 4,000 characters. Raises ToolRefusal outside the document."""
    name, ref = find_file(call, arguments.document)
    extract = read_file(name, ref)
    units = [part.text for part in extract.parts] if extract.kind == "pages" else extract.parts[0].text.split("\n")
    if arguments.first > len(units):
        raise ToolRefusal(f"{name} has {len(units)} {extract.kind}; {arguments.first} is beyond its end")
    if arguments.last is not None and arguments.last < arguments.first:
        raise ToolRefusal(f"last ({arguments.last}) comes before first ({arguments.first})")
    last, text = _take(units, arguments.first, min(arguments.last or len(units), len(units)))
    letter = "p" if extract.kind == "pages" else "l"
    return {
        "source": f"{name}#{letter}{arguments.first}-{last}" if letter == "l" else f"{name}#{letter}{arguments.first}",
        "title": f"{name}, {extract.kind} {arguments.first} to {last} of {len(units)}",
        "text": text[:READ_CHARACTERS],
        "cut": extract.cut or ("the text was cut at 4,000 characters" if len(text) > READ_CHARACTERS else ""),
        "next": last + 1 if last < len(units) else None,
    }


def _take(units: list[str], first: int, last: int) -> tuple[int, str]:
    """Whole pages or lines until the next would not fit; at least one."""
    text = units[first - 1]
    for number in range(first + 1, last + 1):
        if len(text) + len(units[number - 1]) >= READ_CHARACTERS:
            return number - 1, text
        text = f"{text}\n{units[number - 1]}"
    return last, text


def _entry(name: str, ref: AttachmentRef) -> JsonObject:
    entry: JsonObject = {"name": name, "media_type": ref.media_type, "size_bytes": ref.size_bytes}
    try:
        extract = read_file(name, ref)
    except ToolRefusal as error:
        return {**entry, "readable": False, "problem": str(error)}
    return {**entry, "readable": True, **_extent(extract), "cut": extract.cut}


def _extent(extract: Extract) -> JsonObject:
    if extract.kind == "pages":
        return {"pages": len(extract.parts), "characters": extract.characters}
    return {"lines": extract.parts[0].text.count("\n") + 1, "characters": extract.characters}


LIST_DOCUMENTS = python_tool(
    "list_documents",
    [list_documents],
    description="List the attached files: name, type, size, pages or lines, and why one cannot be read.",
    timeout_seconds=60.0,
)
SEARCH_DOCUMENT = python_tool(
    "search_document",
    [search_document],
    description="Full-text search in one attached file. Returns passages with page or lines to cite.",
    timeout_seconds=60.0,
    capability="the search in the files",
    degraded_advice="The files cannot be searched; read them page by page instead.",
)
READ_DOCUMENT = python_tool(
    "read_document",
    [read_document],
    description="Read pages (PDF) or lines (any other file) of one attached file, up to 4,000 characters at "
    "a time; `next` says where to go on.",
    timeout_seconds=60.0,
    capability="the pages of the files",
    degraded_advice="The files cannot be read; answer from the passages that search found.",
)
