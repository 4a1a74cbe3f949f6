"""The language of a draft, by its commonest words: no library, no dictionary, and no word about short texts."""

import re
from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import Field

from agents.engine.critic.registry import Draft, Settings, check

FEWEST_WORDS = 30
WORD = re.compile(r"[^\W\d_]+")
Code = Literal["en", "de", "fr", "es", "it", "pt", "nl"]
NAMES: Mapping[Code, str] = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "pt": "Portuguese",
    "nl": "Dutch",
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COMMONEST: Mapping[Code, frozenset[str]] = {
    "en": _words("the of and to in is that for it with as was on be at by this are not you have from"),
    "de": _words("der die das und in zu den ist nicht von mit dem ein eine sich auf für es im auch als wird"),
    "fr": _words("le la les de des et à un une est en que qui dans pour pas sur du ce il au par avec vous"),
    "es": _words("el la los las de que y en un una es por con no para se del al lo su como más pero está"),
    "it": _words("il lo la gli le di che e un una è per non con del della in si da sono al come più anche"),
    "pt": _words("o a os as de que e em um uma é por com não para se do da no na ao mais como foi você"),
    "nl": _words("de het een en van in is dat op te niet met voor zijn die er aan als ook bij wordt maar om"),
}
"""The words that make up most of any text; what languages share of them decides nothing, the rest does."""


class Language(Settings):
    code: Code
    least_share: float = Field(default=0.05, gt=0, lt=1)


@check("language", Language)
def language(draft: Draft, settings: Language) -> Iterator[str]:
    """In that language by its commonest words; texts under 30 words are let through, since they prove nothing."""
    words = WORD.findall(draft.text.lower())
    if len(words) < FEWEST_WORDS:
        return
    shares = {code: sum(word in common for word in words) / len(words) for code, common in COMMONEST.items()}
    likeliest = max(shares, key=lambda code: (shares[code], code == settings.code))
    if shares[settings.code] < settings.least_share or likeliest != settings.code:
        yield f"The answer must be in {NAMES[settings.code]}."
