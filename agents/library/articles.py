"""Short Markdown articles bundled as files: a heading, then paragraphs."""

from dataclasses import dataclass
from pathlib import Path

from agents.library.passages import Passage


@dataclass(frozen=True)
class Article:
    """One article; ``slug`` is its file's name without the ending."""

    slug: str
    title: str
    paragraphs: tuple[str, ...]

    def passages(self, shelf: str) -> tuple[Passage, ...]:
        """Its paragraphs, each under the handle ``shelf/slug#number`` counted from 1."""
        return tuple(
            Passage(f"{shelf}/{self.slug}#{number}", self.title, text)
            for number, text in enumerate(self.paragraphs, start=1)
        )


def read_articles(folder: Path) -> tuple[Article, ...]:
    """All ``*.md`` files of a folder, by name."""
    return tuple(parse_article(path.stem, path.read_text("utf-8")) for path in sorted(folder.glob("*.md")))


def parse_article(slug: str, text: str) -> Article:
    """An article from its text. Raises ValueError when it does not begin with a ``# Title`` line."""
    blocks = [" ".join(block.split()) for block in text.strip().split("\n\n")]
    if not blocks[0].startswith("# "):
        raise ValueError(f"{slug}.md does not begin with a title")
    return Article(slug, blocks[0].removeprefix("# "), tuple(blocks[1:]))
