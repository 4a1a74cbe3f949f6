"""Full-text search over passages: an SQLite FTS5 index in memory, ranked by bm25."""

import re
import sqlite3
import threading
import weakref
from collections.abc import Iterable
from dataclasses import dataclass

WORD = re.compile(r"\w+")
MAX_QUERY_WORDS = 24


@dataclass(frozen=True)
class Passage:
    """A stretch of text that can be cited by its handle."""

    source: str
    title: str
    text: str


@dataclass(frozen=True)
class Hit:
    """A passage that matches, with the part that matches best; hits come best first."""

    passage: Passage
    snippet: str


class PassageIndex:
    """Passages by their words. Safe to share between threads; costs memory in proportion to the text.

    Titles count three times as much as text; without ``titles`` they are not searched: a file's name is no
    reason to find its every page.
    """

    def __init__(self, passages: Iterable[Passage], *, titles: bool = True) -> None:
        self.passages = tuple(passages)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(":memory:", check_same_thread=False)
        weakref.finalize(self, self._db.close)
        self._db.execute("CREATE VIRTUAL TABLE passages USING fts5(title, text, tokenize='porter unicode61')")
        rows = ((number, each.title if titles else "", each.text) for number, each in enumerate(self.passages, start=1))
        self._db.executemany("INSERT INTO passages (rowid, title, text) VALUES (?, ?, ?)", rows)

    def search(self, query: str, *, limit: int) -> list[Hit]:
        """The best passages that hold any word of the query; punctuation and operators in it mean nothing."""
        words = WORD.findall(query)[:MAX_QUERY_WORDS]
        if not words:
            return []
        match = " OR ".join(f'"{word}"' for word in words)
        statement = (
            "SELECT rowid, snippet(passages, 1, '', '', ' … ', 48) FROM passages"
            " WHERE passages MATCH ? ORDER BY bm25(passages, 3.0, 1.0), rowid LIMIT ?"
        )
        with self._lock:
            rows = self._db.execute(statement, (match, limit)).fetchall()
        return [Hit(self.passages[rowid - 1], snippet) for rowid, snippet in rows]
