"""The templates of every report and page, and the one style sheet."""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

TEMPLATES = Path(__file__).parent / "templates"
FONTS = Path(__file__).parent / "fonts"


@cache
def templates() -> Environment:
    """Everything is escaped that is not plain text; a name that a template misspells is an error."""
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(disabled_extensions=("txt",), default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


@cache
def style() -> Markup:
    """The style sheet, for inlining: pages load nothing from elsewhere."""
    return Markup((TEMPLATES / "run_report.css").read_text("utf-8"))  # noqa: S704 - a packaged file of ours
