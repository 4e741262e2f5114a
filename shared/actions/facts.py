"""Facts gathered side by side, and what they say: how every diagnosis is made."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from shared.actions.action import Call
from shared.errors import AzureCallFailed, CheckFailed
from shared.gateways.journal import carried
from shared.model.outcome import Finding, Outcome
from shared.model.severity import Severity

type Document = dict[str, Any]
type Fact = Callable[[], object]

ML_VERSION, NETWORK_VERSION, MODELS_VERSION = "2024-10-01", "2024-05-01", "2024-10-01"
REGISTRY_VERSION, AKS_VERSION = "2023-07-01", "2024-09-01"


def gathered(**facts: Fact) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Every fact by name, asked for at the same time; what could not be had is None, and told in the second part.

    One that cannot be had must not hide the others: it is in a trouble that somebody looks.
    """

    def one(name: str) -> tuple[str, object, str]:
        try:
            return name, facts[name](), ""
        except (AzureCallFailed, CheckFailed) as error:
            return name, None, f"{name}: {error}"

    with ThreadPoolExecutor(max_workers=max(len(facts), 1)) as pool:
        found = list(pool.map(carried(one), facts))
    return {name: value for name, value, _ in found}, tuple(why for _, _, why in found if why)


def finding(call: Call, resource: str, title: str, recommendation: str, **evidence: Any) -> Finding:  # noqa: ANN401 - whatever JSON was seen
    """What is wrong and what to do about it."""
    return Finding(
        check=call.step,
        resource=resource,
        severity=Severity.HIGH,
        title=title,
        evidence=evidence,
        recommendation=recommendation,
    )


def diagnosis(
    call: Call, resource: str, findings: list[Finding], unknown: tuple[str, ...], otherwise: str
) -> Outcome:
    """The outcome: what is wrong, what could not be looked at, and what to try when nothing was found."""
    more = [
        Finding(
            check=call.step,
            resource=resource,
            severity=Severity.MEDIUM,
            title=f"could not be looked at: {why}"[:300],
            recommendation="give this app the right to read it, or look yourself",
        )
        for why in unknown
    ]
    told = "; ".join(one.title for one in findings) or f"none of the known causes is there: {otherwise}"
    return Outcome(summary=told[:600], findings=(*findings, *more))


def properties(document: Document | None) -> Document:
    """The properties of an ARM document, of none too."""
    return dict((document or {}).get("properties") or {})
