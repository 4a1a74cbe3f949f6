from typing import TypedDict

from playwright.sync_api import Page

class _Node(TypedDict):
    target: list[str]
    html: str

class _Violation(TypedDict):
    id: str
    nodes: list[_Node]

class _Response(TypedDict):
    violations: list[_Violation]

class AxeResults:
    response: _Response
    @property
    def violations_count(self) -> int: ...
    def generate_report(self, violation_id: str | None = ...) -> str: ...

class Axe:
    def run(self, page: Page, *, options: dict[str, object] = ...) -> AxeResults: ...
