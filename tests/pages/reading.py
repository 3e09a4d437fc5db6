"""A page as a reader without a browser sees it: its elements, each closed where it should be, and its text."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "br", "hr", "img", "input"}
UNSPACED = {"span", "b", "strong", "q", "time"}
"""Elements that don't part words."""


@dataclass
class Element:
    """One element: `text` is all the text in it, in order."""

    name: str
    attributes: dict[str, str]
    text: str = ""
    inner: list[Element] = field(default_factory=list)

    def all(self, name: str) -> list[Element]:
        """Every element of that name in it, in order."""
        return [found for one in self.inner for found in ([one] if one.name == name else []) + one.all(name)]

    def classed(self, name: str) -> list[Element]:
        """Every element of that class in it, in order."""
        found = []
        for one in self.inner:
            found += [one] if name in one.attributes.get("class", "").split() else []
            found += one.classed(name)
        return found

    @property
    def words(self) -> str:
        """Its text, space as it is shown."""
        return " ".join(self.text.split())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs})
        assert len(made.attributes) == len(attrs), f"an attribute twice: {attrs}"
        self.open[-1].inner.append(made)
        if tag not in VOID:
            self.open.append(made)

    def handle_endtag(self, tag: str) -> None:
        closed = self.open.pop()
        assert closed.name == tag, f"<{closed.name}> is closed by </{tag}>"
        self.open[-1].text += closed.text if tag in UNSPACED else f" {closed.text} "

    def handle_data(self, data: str) -> None:
        self.open[-1].text += data


def read(page: str) -> Element:
    """The page's `html` element. Fails where one isn't closed, or closed in another's place."""
    declared, _, markup = page.partition("\n")
    assert declared == "<!doctype html>"
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    (root,) = reader.open
    (html,) = root.inner
    return html
