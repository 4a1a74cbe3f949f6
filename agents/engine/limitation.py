"""An answer that had to do without a tool says so: the LLM is asked for it, and else the runtime says it itself."""

import json
import re
from collections.abc import Iterable

from agents.contracts.endings import Ending
from agents.contracts.verdicts import Issue, Verdict
from agents.engine.state import RunState

CHECK = "limitation"
# How a sentence owns up to something, in the languages that agents mostly answer in. A bare "not" does not: "not in
# stock" is a claim about the stock.
LACK = re.compile(
    r"\b("
    r"un(available|able|reachable|known)|could(n[o'’]t| not)|can(no|['’])t|without|fail(ed|ure|s)|offline|outage"
    r"|degraded|(is|was|are|were) down|out of (service|order)|timed out|error|missing|lack(s|ed|ing)?"
    r"|did(n['’]t| not) (answer|respond|work)"
    r"|not (be )?(available|able|reachable|possible|reached|checked|verified|confirmed|looked|working|known|used)"
    r"|no (access|answer|data|figures?|results?|live|current)"
    r"|ohne|konnten?|ausgefallen|nicht (verfügbar|erreichbar|abrufbar|möglich|geprüft|bekannt)"
    r"|sans|indisponible|pas (pu|disponible|été possible)|sin acceso|no (disponible|pude|se pudo|fue posible)"
    r"|senza|non (disponibil\w+|ho potuto|è stato possibile)|zonder|niet (beschikbaar|bereikbaar|mogelijk)"
    r"|sem acesso|indisponível|não (foi possível|pude|está disponível)"
    r")\b",
    re.IGNORECASE,
)
SENTENCE = re.compile(r"(?<=[.!?])\s+(?!(?:It|This|That|They|These)\b)|\n{2,}")
WORD = re.compile(r"[^\W\d_]{3,}")
SAY_LITTLE = frozenset({"the", "and", "for", "with", "from", "into", "that", "this", "its", "our", "your", "tool"})
STEM = 4


def missing(state: RunState) -> tuple[str, ...]:
    """The tools that the run has to do without, by name."""
    return tuple(sorted(state.degraded))


def capability(state: RunState, tool: str) -> str:
    """What is missing without a tool, in plain words."""
    spec = next((each for each in state.input.spec.tools if each.name == tool), None)
    return (spec.capability if spec else "") or tool


def reason(state: RunState) -> str:
    """What the answer was given without, in one sentence that names the tools too."""
    said = (capability(state, tool) for tool in missing(state))
    named = (what if what == tool else f"{what} ({tool})" for what, tool in zip(said, missing(state), strict=True))
    return f"Answered without {', '.join(named)}."


def asked_for(state: RunState, draft: str, verdict: Verdict) -> Verdict:
    """The verdict, and what the draft does not own up to, as long as there may be a revision."""
    if state.revisions >= state.input.limits.max_revisions:
        return verdict
    issues = tuple(
        Issue(
            check=CHECK,
            text=f"{tool} was unavailable in this run, and the answer does not say so. It must contain what it could "
            f'not take into account, such as: "{_sentence(capability(state, tool))}"',
        )
        for tool in unnamed(state, draft)
    )
    return verdict.model_copy(update={"issues": (*verdict.issues, *issues)}) if issues else verdict


def owned_up(state: RunState, ending: Ending) -> Ending:
    """The ending, whose answer names what it was given without; the runtime adds what the LLM left out."""
    if not ending.terminal or not ending.answer:
        return ending
    left_out = unnamed(state, ending.answer)
    if not left_out:
        return ending
    said = f"Answered without {_listed(capability(state, tool) for tool in left_out)}, which was unavailable."
    return ending.model_copy(update={"answer": f"{ending.answer.rstrip()}\n\n{said}"})


def unnamed(state: RunState, text: str) -> list[str]:
    """The degraded tools that no sentence of the text names together with a word of lack.

    An answer in JSON is for a program, which reads the run's state: a sentence would only break it.
    """
    if not state.degraded or _is_json(text):
        return []
    lacking = [words_of(sentence) for sentence in SENTENCE.split(text) if LACK.search(sentence)]
    return [tool for tool in missing(state) if not any(_names(tool, state, words) for words in lacking)]


def words_of(text: str) -> set[str]:
    """The words of a text that tell something, without their endings."""
    words = (word.lower() for word in WORD.findall(text.replace("_", " ")))
    return {word.removesuffix("s") for word in words if word not in SAY_LITTLE}


def _names(tool: str, state: RunState, words: set[str]) -> bool:
    wanted = words_of(f"{tool} {capability(state, tool)}") or {tool.lower()}
    return any(_alike(one, other) for one in wanted for other in words)


def _alike(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return shorter == longer or (len(shorter) >= STEM and longer.startswith(shorter))


def _sentence(what: str) -> str:
    return f"{what[:1].upper()}{what[1:]} was unavailable"


def _listed(words: Iterable[str]) -> str:
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False
