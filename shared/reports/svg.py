"""A few SVG shapes, escaped by the standard library's XML writer."""

from xml.etree import ElementTree as ET

FONT = "Inter, 'Segoe UI', system-ui, sans-serif"
# A page in the dark repaints these by their class: ink, soft, grid, paper and target.
INK, SOFT, GRID, PAPER, TARGET = "#1d2939", "#5d6b82", "#e4e7ec", "#ffffff", "#c4320a"

Attribute = str | float


def element(tag: str, *children: ET.Element, **attributes: Attribute) -> ET.Element:
    """A node; `stroke_width=1.5` becomes `stroke-width="1.5"`, `class_` becomes `class`, `text` its text."""
    text = attributes.pop("text", None)
    node = ET.Element(tag, {_name(key): _value(value) for key, value in attributes.items()})
    node.text = None if text is None else _value(text)
    node.extend(children)
    return node


def label(x: float, y: float, text: str, **attributes: Attribute) -> ET.Element:
    """One line of text with its baseline at `y`."""
    return element("text", text=text, x=x, y=y, **{"font_size": 12.0, **attributes})


def width_of(text: str, size: float) -> float:
    """Roughly how wide a line is: nothing here can measure a font, so wide signs count double."""
    return sum(1.05 if ord(char) > 0x2E80 else 0.56 for char in text) * size


def fitted(text: str, size: float, width: float) -> str:
    """The text, cut with an ellipsis where it would not fit."""
    if width_of(text, size) <= width:
        return text
    while text and width_of(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def document(
    *children: ET.Element, name: str, width: float, height: float, title: str, description: str
) -> str:
    """A whole drawing that a screen reader announces by its title and description.

    `name` begins its ids: a page that holds two drawings gives each another.
    """
    return ET.tostring(
        element(
            "svg",
            element("title", text=title, id=f"{name}-title"),
            element("desc", text=description, id=f"{name}-description"),
            *children,
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {_value(width)} {_value(height)}",
            width=width,
            height=height,
            role="img",
            aria_labelledby=f"{name}-title {name}-description",
            font_family=FONT,
        ),
        encoding="unicode",
    )


def _name(key: str) -> str:
    return key if key == "viewBox" else key.rstrip("_").replace("_", "-")


def _value(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
