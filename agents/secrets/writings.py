"""The ways in which a secret may stand in a text: as it is, in an address, in JSON, in base64, in a traceback."""

import base64
import html
import json
from urllib.parse import quote, quote_plus

SHORTEST = 8
"""Characters. A shorter value, or an ordinary word, would be replaced in texts that have nothing to do with it."""
SHORTEST_OF_ONE_KIND = 16
FEWEST_DIFFERENT = 4


def why_not_hidden(value: str) -> str:
    """What keeps a value from being found in texts, as a sentence for people; "" when nothing does."""
    if len(value) < SHORTEST:
        return f"A secret has at least {SHORTEST} characters: a shorter one would be found by mere chance."
    if len(set(value)) < FEWEST_DIFFERENT:
        return f"A secret has at least {FEWEST_DIFFERENT} different characters."
    if len(value) < SHORTEST_OF_ONE_KIND and (value.isalpha() or value.isdigit()):
        kind = "letters" if value.isalpha() else "digits"
        return (
            f"Under {SHORTEST_OF_ONE_KIND} characters it must not be {kind} alone: "
            "an ordinary word or number would be blanked wherever it stands."
        )
    return ""


def writings_of(value: str) -> set[str]:
    """All ways to write a value, none so short that it could be chance."""
    escaped = {json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    escaped |= {json.dumps(once)[1:-1] for once in escaped}  # JSON as a text inside of JSON
    percent = {quote(value, safe=""), quote(value), quote_plus(value)}
    percent |= {written for each in percent if (written := _lower_hex(each)) != each}
    ways = {value, repr(value)[1:-1], html.escape(value), *escaped, *percent, *_base64(value)}
    return {way for way in ways if len(way) >= SHORTEST}


def _lower_hex(quoted: str) -> str:
    parts = quoted.split("%")
    return "%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])


def _base64(value: str) -> set[str]:
    """The characters that a value determines wherever it begins within what was encoded (``user:value``, say)."""
    raw, ways = value.encode("utf-8", "surrogatepass"), set()
    for offset in range(3):
        bits = 8 * (offset + len(raw))
        whole = base64.b64encode(b"\0" * offset + raw).decode().rstrip("=")
        own = whole[-(-8 * offset // 6) : bits // 6]
        ways |= {own, own.translate(str.maketrans("+/", "-_"))}
    return ways
