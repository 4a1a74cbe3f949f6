"""Counts of the newest keys: what a run has not done for long is forgotten, so that the count stays small."""

from collections.abc import ValuesView


class RecentCounts:
    """How often each key was counted, of the ``most`` keys that were counted last; 0 for any other."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._counts: dict[str, int] = {}

    def __getitem__(self, key: str) -> int:
        return self._counts.get(key, 0)

    def __len__(self) -> int:
        return len(self._counts)

    def count(self, key: str) -> None:
        """Once more; the key is now the newest."""
        self._counts[key] = self._counts.pop(key, 0) + 1
        if len(self._counts) > self._most:
            del self._counts[next(iter(self._counts))]

    def values(self) -> ValuesView[int]:
        """The counts, oldest key first."""
        return self._counts.values()
