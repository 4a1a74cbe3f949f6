"""What is wrong with an endpoint before anybody calls it: each fault with the field that it is about."""

from collections.abc import Iterator

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from agents.contracts.base import JsonObject
from agents.contracts.calls import IDEMPOTENCY_HEADER
from agents.contracts.specs import HttpEndpoint
from agents.tools.http.call import MOST_RETRIES
from agents.tools.http.reading import MOST_BYTES
from agents.tools.http.request import HEADER_NAME, OURS, WITH_A_BODY, named_arguments
from agents.tools.http.result import tokens
from agents.tools.http.template import BadTemplate, arguments_in, pieces
from agents.tools.http.url import url_template

Fault = tuple[tuple[str, ...], str]


def endpoint_faults(endpoint: HttpEndpoint, parameters: JsonObject) -> Iterator[Fault]:
    """The faults of an endpoint of a tool with these parameters: where below the endpoint, and one sentence."""
    faults = [*_url_faults(endpoint, parameters), *_query_faults(endpoint, parameters)]
    yield from faults
    if not faults:
        yield from _body_faults(endpoint, parameters)
    yield from _header_faults(endpoint)
    yield from _answer_faults(endpoint)


def _names(parameters: JsonObject) -> set[str]:
    properties = parameters.get("properties")
    return set(properties) if isinstance(properties, dict) else set()


def _unknown(named: set[str], parameters: JsonObject) -> Iterator[str]:
    known = _names(parameters)
    for name in sorted(named - known):
        yield f"The tool has no argument {name}; it takes {', '.join(sorted(known)) or 'none'}."


def _url_faults(endpoint: HttpEndpoint, parameters: JsonObject) -> Iterator[Fault]:
    try:
        parts = url_template(endpoint.url)
    except BadTemplate as error:
        yield ("url",), str(error)
        return
    in_query = {name for _, value in parts.query for name in arguments_in(value)}
    for text in _unknown(parts.arguments | in_query, parameters):
        yield ("url",), text
    required = parameters.get("required")
    optional = parts.arguments & _names(parameters) - set(map(str, required if isinstance(required, list) else []))
    for name in sorted(optional):
        yield ("url",), f"The path needs {name}, which calls may leave out; list it under required."


def _query_faults(endpoint: HttpEndpoint, parameters: JsonObject) -> Iterator[Fault]:
    for name, value in endpoint.query.items():
        try:
            named = arguments_in(value)
        except BadTemplate as error:
            yield ("query", name), str(error)
            continue
        for text in _unknown(named, parameters):
            yield ("query", name), text


def _body_faults(endpoint: HttpEndpoint, parameters: JsonObject) -> Iterator[Fault]:
    left = _names(parameters) - named_arguments(endpoint)
    if endpoint.method not in WITH_A_BODY:
        if endpoint.body:
            yield ("body",), f"{endpoint.method} has no body."
        elif left:
            names = ", ".join(sorted(left))
            yield ("url",), f"{endpoint.method} has no body: neither the URL nor the query has a place for {names}."
    elif endpoint.body:
        for text in _unknown({endpoint.body}, parameters):
            yield ("body",), text
        if other := left - {endpoint.body}:
            names = ", ".join(sorted(other))
            yield (
                ("body",),
                f"The body is {endpoint.body} alone: neither the URL nor the query has a place for {names}.",
            )


def _header_faults(endpoint: HttpEndpoint) -> Iterator[Fault]:
    for name, value in endpoint.headers.items():
        if not HEADER_NAME.fullmatch(name):
            yield ("headers", name), "This is no name of a header."
        elif name.lower() in OURS or name.lower() == IDEMPOTENCY_HEADER.lower():
            yield ("headers", name), "This header is set for each call; leave it out."
        try:
            named = [piece.text for piece in pieces(value) if piece.kind == "argument"]
        except BadTemplate as error:
            yield ("headers", name), str(error)
            continue
        if named:
            yield ("headers", name), f"No argument can stand in a header; write {{secret:{named[0]}}} for a secret."
        elif not value.isprintable():
            yield ("headers", name), "A header is one line of text."


def _answer_faults(endpoint: HttpEndpoint) -> Iterator[Fault]:
    try:
        tokens(endpoint.result)
    except ValueError as error:
        yield ("result",), str(error)
    try:
        Draft202012Validator.check_schema(endpoint.result_schema)
    except SchemaError as error:
        yield ("result_schema", *map(str, error.path)), f"This is no JSON Schema: {error.message[:200]}."
    if endpoint.retries > MOST_RETRIES:
        yield ("retries",), f"A call is tried again {MOST_RETRIES} times at most."
    if endpoint.max_bytes > MOST_BYTES:
        yield ("max_bytes",), f"An answer has {MOST_BYTES:,} bytes at most."
