"""Pages work under a policy that allows neither inline styles nor inline scripts."""

import re
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, shown

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
COMMENT = re.compile(r"{#.*?#}|{% comment.*?endcomment %}|<!--.*?-->", re.DOTALL)
FORBIDDEN = {
    "an inline style": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "an inline event handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "an hx-on handler": re.compile(r"\shx-on[:\s=-]", re.IGNORECASE),
    "a javascript address": re.compile(r"javascript:", re.IGNORECASE),
    "an address of another host": re.compile(
        r"<(?:script|link|img)\b[^>]*\b(?:src|href)\s*=\s*[\"']?(?:https?:)?//", re.I
    ),
    "text marked as safe": re.compile(r"\|\s*safe\b|{%\s*autoescape\s+off"),
}
SCRIPT = re.compile(r"<script\b([^>]*)>(.*?)</script>", re.IGNORECASE | re.DOTALL)
DATA_TYPES = ("application/json", "importmap")


def test_there_are_templates_to_check() -> None:
    assert TEMPLATES


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: shown(path))
def test_template_keeps_to_the_content_security_policy(template: Path) -> None:
    text = COMMENT.sub("", template.read_text(encoding="utf-8"))
    found = [name for name, pattern in FORBIDDEN.items() if pattern.search(text)]
    assert found == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: shown(path))
def test_template_has_no_script_of_its_own(template: Path) -> None:
    text = COMMENT.sub("", template.read_text(encoding="utf-8"))
    inline = [
        body.strip()
        for attributes, body in SCRIPT.findall(text)
        if body.strip() and not any(data_type in attributes for data_type in DATA_TYPES)
    ]
    assert inline == []
