"""Reports as PDF: a typst template, its words as JSON and its drawings as SVG."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from shared.reports.rendering import FONTS, TEMPLATES
from shared.reports.wording import breakable


def printed(template: str, words: Mapping[str, Any], drawings: Mapping[str, str], at: datetime) -> bytes:
    """A tagged PDF that is dated `at`: the same words and drawings give the same bytes.

    `drawings` are SVG texts; the template reads each as `sys.inputs` under its name, and `words` as `view`.
    """
    import typst  # noqa: PLC0415 - 34 MB that a cold start should not wait for

    # Data, never markup: what people wrote reaches typst as JSON strings only.
    return typst.compile(
        str(TEMPLATES / template),
        root=str(TEMPLATES),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"view": json.dumps(_breakable(dict(words)), ensure_ascii=False), **drawings},
        timestamp=int(at.timestamp()),
    )


def _breakable(value: Any) -> Any:  # noqa: ANN401 - JSON
    match value:
        case str():
            return breakable(value)
        case dict():
            return {key: _breakable(item) for key, item in value.items()}
        case list() | tuple():
            return [_breakable(item) for item in value]
        case _:
            return value


@cache
def _fonts() -> Any:  # noqa: ANN401 - typst.Fonts, imported late
    """Inter, and typst's own fonts for scripts that it lacks; never what a machine has installed."""
    import typst  # noqa: PLC0415

    return typst.Fonts(include_system_fonts=False, font_paths=[str(FONTS)])
