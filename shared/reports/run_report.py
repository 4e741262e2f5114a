"""A run's record as the report that people read: HTML, PDF and mail."""

from dataclasses import asdict
from datetime import datetime

from markupsafe import Markup

from shared.model.run import RunRecord
from shared.reports.printing import printed
from shared.reports.rendering import style, templates
from shared.reports.run_view import run_view
from shared.reports.timeline import newest
from shared.reports.timeline_svg import timeline_svg
from shared.reports.wording import line

__all__ = ["html", "mail_html", "mail_subject", "mail_text", "pdf", "timeline_svg"]


def html(record: RunRecord, *, time_zone: str, now: datetime | None = None, speed: float = 1.0) -> str:
    """One self-contained page: no scripts, nothing external.

    `time_zone` is an IANA name. `now` is how far an unfinished run is drawn (else: until the newest instant
    in its record). `speed` is how much faster than life a simulated Azure ran.
    """
    return (
        templates()
        .get_template("run_report.html")
        .render(
            view=run_view(record, time_zone=time_zone, now=now, speed=speed),
            style=style(),
            # The drawing is ours, and escaped by its XML writer.
            svg=Markup(timeline_svg(record, time_zone=time_zone, now=now, speed=speed)),  # noqa: S704
        )
    )


def pdf(record: RunRecord, *, time_zone: str, now: datetime | None = None, speed: float = 1.0) -> bytes:
    """The same report as a tagged PDF; the same record gives the same bytes."""
    return printed(
        "run_report.typ",
        asdict(run_view(record, time_zone=time_zone, now=now, speed=speed)),
        {"timeline": timeline_svg(record, time_zone=time_zone, now=now, speed=speed)},
        newest(record, now),
    )


def mail_subject(record: RunRecord, *, speed: float = 1.0) -> str:
    """One line, like `[REAL] Recover contoso: Service was restored in 7 min 12 s; the target was met`."""
    view = run_view(record, time_zone="UTC", speed=speed)
    return line(f"[{view.mode}] {view.title}: {view.story.headline}", 200)


def mail_text(
    record: RunRecord,
    *,
    time_zone: str,
    now: datetime | None = None,
    speed: float = 1.0,
    report_url: str = "",
) -> str:
    """The short body for clients that show no HTML."""
    view = run_view(record, time_zone=time_zone, now=now, speed=speed)
    return templates().get_template("run_mail.txt").render(view=view, report_url=report_url)


def mail_html(
    record: RunRecord,
    *,
    time_zone: str,
    now: datetime | None = None,
    speed: float = 1.0,
    report_url: str = "",
) -> str:
    """The short body, with the timeline as a table: mail clients drop SVG and style sheets."""
    view = run_view(record, time_zone=time_zone, now=now, speed=speed)
    return templates().get_template("run_mail.html").render(view=view, report_url=report_url)
