"""The operations report of a month as people read it: HTML, PDF and mail."""

from dataclasses import asdict

from markupsafe import Markup

from shared.model.monthly import MonthlyReport
from shared.reports.monthly.drawings import drawings
from shared.reports.monthly.view import monthly_view
from shared.reports.printing import printed
from shared.reports.rendering import style, templates

__all__ = ["html", "mail_html", "mail_subject", "mail_text", "pdf"]


def html(report: MonthlyReport) -> str:
    """One self-contained page: no scripts, nothing external."""
    view = monthly_view(report)
    # The drawings are ours, and escaped by their XML writer.
    drawn = {name: Markup(svg) for name, svg in drawings(report, view).items()}  # noqa: S704
    return templates().get_template("monthly_report.html").render(view=view, style=style(), drawings=drawn)


def pdf(report: MonthlyReport) -> bytes:
    """The same report as a tagged PDF, dated when it was made; the same report gives the same bytes."""
    view = monthly_view(report)
    return printed("monthly_report.typ", asdict(view), drawings(report, view), report.made_at)


def mail_subject(report: MonthlyReport) -> str:
    """`[Contoso Agents] Operations report October 2026: availability 99.97 %, 2 things need somebody`."""
    return monthly_view(report).subject


def mail_text(report: MonthlyReport, *, report_url: str = "") -> str:
    """The short body for clients that show no HTML."""
    return _mail("monthly_mail.txt", report, report_url)


def mail_html(report: MonthlyReport, *, report_url: str = "") -> str:
    """The short body: mail clients drop SVG and style sheets, and the PDF comes with it."""
    return _mail("monthly_mail.html", report, report_url)


def _mail(template: str, report: MonthlyReport, report_url: str) -> str:
    return templates().get_template(template).render(view=monthly_view(report), report_url=report_url)
