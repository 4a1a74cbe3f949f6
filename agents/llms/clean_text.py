"""Makes text of a vendor safe to store and show: whole characters, no keys, bounded."""

import re

MAX_DETAIL_CHARACTERS = 500
KEY_SHAPES = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|key|AIza)[-_][A-Za-z0-9_\-*.]{6,}|\bAIza[A-Za-z0-9_\-]{10,}"
    r"|(?i:bearer|basic)\s+[A-Za-z0-9._~+/=\-]{8,}"
    r"|(?i:(?:api[-_ ]?key|token|secret)[\"']?\s*[:=]\s*[\"']?)[^\s\"',;]{6,}"
)
MARKUP = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]{0,500}>", re.DOTALL | re.IGNORECASE)


def mended(text: str) -> str:
    """Join surrogate halves that a vendor split between two chunks; replace halves that stand alone."""
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def clean_detail(text: str, secrets: tuple[str, ...] = ()) -> str:
    """One bounded line that says what went wrong, without markup, control characters or keys."""
    text = mended(text[:20_000])
    for secret in secrets:
        text = text.replace(secret, "[key]") if len(secret) >= 6 else text
    text = KEY_SHAPES.sub("[key]", MARKUP.sub(" ", text))
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= MAX_DETAIL_CHARACTERS else line[: MAX_DETAIL_CHARACTERS - 1] + "…"
