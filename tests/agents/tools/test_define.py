"""A tool is declared from functions that take the same arguments class first."""

import pytest
from pydantic import BaseModel, JsonValue

from agents.contracts.calls import Call
from agents.tools.boundary import arguments_class
from agents.tools.define import arguments_of, implementation, python_tool
from tests.agents.engine.world import Letter, Query, archive, post, shelf


def bare(text: str, call: Call) -> JsonValue:
    """Takes no arguments class."""
    del call
    return text


def test_a_declaration_names_its_chain_in_order_with_a_schema_that_is_closed() -> None:
    tool = python_tool("look_up", [shelf, archive], description="Look.", timeout_seconds=3)
    assert [link.name for link in tool.implementations] == ["shelf", "archive"]
    assert [link.timeout_seconds for link in tool.implementations] == [3, 3]
    assert tool.parameters["additionalProperties"] is False
    assert tool.parameters["required"] == ["text"]


def test_the_arguments_class_is_found_again_by_the_import_string() -> None:
    assert arguments_class(implementation(post).target) is Letter
    assert arguments_of(shelf) is Query


def test_a_chain_whose_links_take_different_arguments_is_refused() -> None:
    with pytest.raises(TypeError, match="take different arguments"):
        python_tool("mixed", [shelf, post], description="Mixed.")


def test_a_function_without_an_arguments_class_is_refused() -> None:
    with pytest.raises(TypeError, match="takes no arguments class first"):
        python_tool("bare", [bare], description="Bare.")


@pytest.mark.parametrize("target", ["json:dumps", "json:__name__", "tests.agents.tools.test_define:bare"])
def test_an_import_string_of_something_else_is_refused(target: str) -> None:
    with pytest.raises(TypeError):
        arguments_class(target)


def test_arguments_are_frozen() -> None:
    assert issubclass(Query, BaseModel)
    assert Query.model_config.get("frozen") is True
    assert Query.model_config.get("strict") is True
