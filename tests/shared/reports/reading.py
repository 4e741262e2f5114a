"""Reads reports as their readers do: pages as trees, PDFs as text, drawings as XML."""

import io
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from xml.etree import ElementTree as ET

import pypdf

VOID = {"meta", "link", "br", "img", "hr", "input"}


@dataclass
class Page(HTMLParser):
    """What a page holds; `unbalanced` lists tags that close nothing or are left open."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    stack: list[str] = field(default_factory=list)
    unbalanced: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    parts: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if self.stack and self.stack[-1] == tag:
            self.stack.pop()
        else:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if self.stack and self.stack[-1] == "style":
            return
        if data.strip():
            self.texts.append(data.strip())
            self.parts.append((self.stack[-1] if self.stack else "", data.strip()))

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def inside(self, tag: str) -> list[str]:
        return [words for name, words in self.parts if name == tag]


def page(markup: str) -> Page:
    parsed = Page()
    parsed.feed(markup)
    parsed.close()
    return parsed


def accessible(read: Page) -> None:
    """Tables say what they are, headings go down step by step, labels lead somewhere, times say UTC."""
    assert all(th.get("scope") in {"col", "row"} for th in read.all("th"))
    assert len(read.all("caption")) == len(read.all("table"))
    levels = [int(tag[1]) for tag, _ in read.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in read.tags:
        for target in (attributes.get("aria-labelledby") or "").split():
            assert target in ids
    assert all("UTC" in (time.get("title") or "") for time in read.all("time"))


def pdf_text(data: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    return " ".join(" ".join(p.extract_text() for p in pages).replace("\u200b", "").split())


def drawing(svg: str) -> ET.Element:
    return ET.fromstring(svg)


def shapes(root: ET.Element, tag: str) -> list[ET.Element]:
    return list(root.iter(f"{{http://www.w3.org/2000/svg}}{tag}"))


def texts(root: ET.Element) -> list[str]:
    return [node.text or "" for node in shapes(root, "text")]
