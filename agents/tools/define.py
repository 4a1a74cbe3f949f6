"""How a tool is written in Python: an arguments class, functions in fallback order, one declaration."""

from collections.abc import Callable, Sequence
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, JsonValue

from agents.contracts.base import JsonObject
from agents.contracts.calls import Call
from agents.contracts.specs import Effect, Implementation, ToolSpec


class Arguments(BaseModel):
    """Base of a tool's arguments: strict ("5" is not 5) and closed (unknown fields are refused)."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


ToolFunction = Callable[[Any, Call], JsonValue]


def arguments_of(function: Callable[..., object]) -> type[BaseModel]:
    """The arguments class in a tool function's first parameter. Raises TypeError when it has none."""
    hints = get_type_hints(function)
    first = next(iter(hints.values()), None)
    if not (isinstance(first, type) and issubclass(first, BaseModel)):
        raise TypeError(f"{function.__module__}:{function.__qualname__} takes no arguments class first")
    return first


def implementation(
    function: Callable[..., object], *, timeout_seconds: float = 20.0, slow_seconds: float = 0.0
) -> Implementation:
    """A function as one link of a chain, named after itself."""
    target = f"{function.__module__}:{function.__qualname__}"
    return Implementation(
        name=function.__name__, target=target, timeout_seconds=timeout_seconds, slow_seconds=slow_seconds
    )


def python_tool(
    name: str,
    chain: Sequence[Callable[..., object]],
    *,
    description: str,
    effect: Effect = "pure",
    needs_approval: bool = False,
    volatile: tuple[str, ...] = (),
    dedupe_seconds: int = 0,
    timeout_seconds: float = 20.0,
    slow_seconds: float = 0.0,
    degraded_advice: str = "",
    capability: str = "",
    probe: JsonObject | None = None,
) -> ToolSpec:
    """Declare a tool whose chain are Python functions ``(arguments, call) -> JSON``, sync or async.

    All links take the same arguments class. Raises TypeError when they do not.
    """
    classes = {arguments_of(link) for link in chain}
    if len(classes) != 1:
        raise TypeError(f"the implementations of {name} take different arguments")
    return ToolSpec(
        name=name,
        description=description,
        parameters=classes.pop().model_json_schema(),
        implementations=tuple(
            implementation(link, timeout_seconds=timeout_seconds, slow_seconds=slow_seconds) for link in chain
        ),
        effect=effect,
        needs_approval=needs_approval,
        volatile=volatile,
        dedupe_seconds=dedupe_seconds,
        degraded_advice=degraded_advice,
        capability=capability,
        probe=probe,
    )
