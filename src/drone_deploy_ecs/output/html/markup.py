"""HTML and SVG as a tree of elements: text stays text, whatever is in it, and every element is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, tostring

if TYPE_CHECKING:
    from collections.abc import Iterable

Child = Element | str | None


def tag(name: str, /, *children: Child, **attributes: str | float | bool) -> Element:
    """An element. `class_` stands for class, `aria_label` for aria-label; False and "" leave an attribute out."""
    named = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    made = Element(name, {key: _text(value) for key, value in named.items() if value is not False and value != ""})
    for child in children:
        if isinstance(child, Element):
            made.append(child)
        elif child and len(made):
            made[-1].tail = (made[-1].tail or "") + child
        elif child:
            made.text = (made.text or "") + child
    return made


def each(name: str, children: Iterable[Child], /, **attributes: str | float | bool) -> Element | None:
    """An element with these children; None if it would be empty: a page shows no empty list."""
    made = tag(name, *children, **attributes)
    return made if len(made) or made.text else None


def document(root: Element) -> str:
    """The whole page as text."""
    return f"<!doctype html>\n{tostring(root, encoding='unicode', method='html')}\n"


def _text(value: str | float | bool) -> str:  # noqa: FBT001
    if value is True:
        return ""
    return value if isinstance(value, str) else f"{value:.6g}"
