"""Text and JSON that break software, a few of every kind: what LLMs, tools and people are made to say in tests."""

from pydantic import JsonValue

TEXTS: dict[str, str] = {
    "nul": "before\x00after",
    "only nul": "\x00\x00",
    "controls": "".join(map(chr, range(1, 32))) + "\x7f\x80\x85\x9f",
    "line ends": "a\rb\nc\r\nd\x0be\x0cf\u2028g\u2029h",
    "lone high surrogate": "a\ud800b",
    "lone low surrogate": "\udfff",
    "swapped surrogates": "\udc00\ud800",
    "bytes that were no UTF-8": "caf\udce9",
    "noncharacters": "\ufffe\uffff\U0001fffe\U0010ffff",
    "private use": "\ue000\uf8ff\U000f0000",
    "byte order mark": "\ufeffa\ufeff",
    "right to left": "\u202egnp.exe\u202c \u2067x\u2069 \u200f",
    "zero width": "a\u200bb\u200cc\u200dd\u2060e",
    "stacked marks": "Z" + "\u0351\u036b\u0343" * 80,
    "emoji": "👩\u200d👩\u200d👧\u200d👦 🏴\U000e0067\U000e0062\U000e007f 1\ufe0f\u20e3",
    "cases": "ß\u1e9e\u0130\u0131\u017f\ufb01Σς\u212a\u212b",
    "widths": "ﬀ①ﾊﾛｰ\uff1cscript\uff1e\u3000",
    "scripts": "日本語 العربية עברית हिन्दी ไทย Ελληνικά",
    "astral": "\U0001d573\U0001d58a\U0001d591 \U00010300\U00010301 🍵",
    "blank": " \t\u00a0\u2003\u3000 ",
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "attribute": "\" onmouseover=alert(1) x='",
    "comment": "--> <!-- <![CDATA[ ]]> </textarea></title>",
    "address": "javascript:alert(1) data:text/html,<b> //evil.example/%2e%2e",
    "template": "{{ 7*7 }} {% debug %} {# x #} ${7*7} <%= 7 %> #{7}",
    "format": "%s %d %(x)s %n %% {0} {x!r} {",
    "sql": "'; DROP TABLE agents_run; -- \" OR 1=1 /*",
    "like": "%_\\%\\_[a-z]*?",
    "shell": "$(id) `id` ; id | id && id > x",
    "path": "../../../etc/passwd ..\\..\\x C:\\aux nul.txt /dev/null",
    "header": "a\r\nSet-Cookie: x=1\r\n\r\n<b>",
    "formula": "=1+1 +1 -1 @SUM(A1)",
    "terminal": "\x1b[31mred\x1b[0m\x1b]0;title\x07\x9b2J",
    "backslashes": "\\ \\\\ \\n \\u0000 \\ud800 \\x00",
    "quotes": "\"'`\xb4“”«»",
    "entity": "&amp; &#0; &#x1F; &lt;b&gt; &nosuch;",
    "xml bomb": '<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><x>&c;</x>',
    "words": "null None undefined NaN Infinity true False nil __proto__ constructor",
    "numbers": "0x7f 1e400 -0 9999999999999999999999 1_000 ١٢٣ ½",
    "json": '{"a": [1, {"b": "\\u0000"}]}',
    "half of json": '{"tool": "pay", "arguments": {"to": "ann"',
    "fenced": '```json\n{"name": "pay"}\n```',
    "backtracking": "a" * 3_000 + "!" + "(" * 3_000,
    "one long word": "x" * 20_000,
    "citations": "[0] [1] [99999999999999999999] [-1] [[1]] [1",
}
"""No text of it is empty, and none is the same as another once it has been cleaned."""

DEEP = 10_000
ARGUMENTS: dict[str, tuple[str, bool]] = {
    "a name twice": ('{"text": "a", "text": "b"}', True),
    "escaped nul": ('{"text": "\\u0000"}', True),
    "a pair of escapes": ('{"text": "\\ud83c\\udf75"}', True),
    "white space": (' \n\t\r{"text" : "a"}\n ', True),
    "other fields": ('{"text": "a", "": 1, "__proto__": {}, "\\u0000": null}', True),
    "another type": ('{"text": 5}', True),
    "a large integer": ('{"text": 123456789012345678901234567890}', True),
    "4,000 digits": ('{"text": ' + "9" * 4_000 + "}", True),
    "a small number": ('{"text": 1e-400}', True),
    "minus zero": ('{"text": -0.0}', True),
    "150 levels": ('{"text": ' + "[" * 150 + "]" * 150 + "}", True),
    "a number past all numbers": ('{"text": 1e400}', False),
    "the same within": ('{"text": "a", "more": [{"x": -1E999}]}', False),
    "5,000 digits": ('{"text": ' + "9" * 5_000 + "}", False),
    "not a number": ('{"text": NaN}', False),
    "infinity": ('{"text": -Infinity}', False),
    "half an escaped pair": ('{"text": "\\ud800"}', False),
    "half a pair": ('{"text": "\ud800"}', True),
    "a control character": ('{"text": "a\x01"}', False),
    "a raw nul": ('{"text": "a\x00"}', False),
    "10,000 objects": ('{"a":' * DEEP + "1" + "}" * DEEP, False),
    "10,000 lists": ('{"a":' + "[" * DEEP + "]" * DEEP + "}", False),
    "only opened": ('{"a":[' * DEEP, False),
    "a comma too many": ('{"text": "a",}', False),
    "single quotes": ("{'text': 'a'}", False),
    "bare names": ("{text: 1}", False),
    "a comment": ('{"text": "a" /* b */}', False),
    "something after it": ('{"text": "a"} {"text": "b"}', False),
    "a byte order mark": ('\ufeff{"text": "a"}', False),
    "cut off": ('{"text": "a', False),
    "hexadecimal": ('{"text": 0x10}', False),
    "leading zero": ('{"text": 01}', False),
    "a bad escape": ('{"text": "\\x41"}', False),
    "a list": ('[{"text": "a"}]', False),
    "null": ("null", False),
    "a text": ('"text"', False),
    "fenced": ('```json\n{"text": "a"}\n```', False),
    "prose": ("I would call it with a.", False),
}
"""Arguments as LLMs write them, and whether they are an object that JSON can carry."""


def nested(levels: int) -> JsonValue:
    """Lists in lists."""
    value: JsonValue = "the end"
    for _ in range(levels):
        value = [value]
    return value


OUTPUTS: dict[str, object] = {
    "texts as names": {text: text for text in TEXTS.values()},
    "not a number": {"n": float("nan")},
    "infinity": [float("-inf")],
    "large integers": {"n": [2**63, -(2**64), 10**300]},
    "too large an integer": 10**5_000,
    "numbers at the edge": [1e308, 5e-324, -0.0, 2**53 + 1],
    "numbers as names": {1: "a", 2.5: "b", False: "c", None: "d"},
    "a tuple": (1, ("a",)),
    "a set": {1, 2},
    "bytes": b"\x00\xff",
    "90 levels": nested(90),
    "500 levels": nested(500),
    "10,000 levels": nested(DEEP),
    "100,000 levels": nested(100_000),
    "false sources": {"source": "\x00\ud800", "cite": -1, "deeper": [{"source": 5}, {"source": "x" * 5_000}]},
    "false statuses": {"status": "degraded", "error_type": "refused", "refused": "x", "failed": "x", "cut": {}},
    "nothing": None,
    "a million letters": "é" * 1_000_000,
}
"""What tools return, JSON or not."""
