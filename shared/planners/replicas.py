"""How many replicas a container app should have, and by which rules Azure scales it (seed 000, section 6.1.2)."""

import copy
from typing import Any

from shared.model.replicas import ReplicaRange

type Template = dict[str, Any]

AZURES_MOST = 10
"""What `maxReplicas` is where a template says nothing (Microsoft Learn, Scaling in Azure Container Apps)."""


def replica_range(template: Template) -> ReplicaRange:
    """What a template asks for."""
    scale: dict[str, Any] = template.get("scale") or {}
    return ReplicaRange(
        least=int(scale.get("minReplicas") or 0), most=int(scale.get("maxReplicas") or AZURES_MOST)
    )


def scaled_up(before: ReplicaRange, limits: ReplicaRange) -> ReplicaRange:
    """Twice as many at least, within the limits; the same again when the limit is reached."""
    least = min(max(before.least * 2, limits.least, 1), limits.most)
    return ReplicaRange(least=max(least, before.least), most=max(before.most, limits.most))


def with_replicas(template: Template, wanted: ReplicaRange) -> Template:
    """The template with that range, and nothing else changed."""
    made = copy.deepcopy(template)
    made.pop("revisionSuffix", None)  # it names the old revision, and must be another for a new one
    scale: dict[str, Any] = dict(made.get("scale") or {})
    made["scale"] = {**scale, "minReplicas": wanted.least, "maxReplicas": wanted.most}
    return made


def utilization_rules(cpu: int, memory: int) -> list[dict[str, Any]]:
    """Rules that add replicas above that share of CPU and of memory, in percent (KEDA's cpu and memory scalers)."""
    return [
        {"name": kind, "custom": {"type": kind, "metadata": {"type": "Utilization", "value": str(share)}}}
        for kind, share in (("cpu", cpu), ("memory", memory))
    ]


def with_rules(template: Template, wanted: ReplicaRange, rules: list[dict[str, Any]]) -> Template:
    """The template with that range and these rules; its other rules (HTTP, queues) stay."""
    made = with_replicas(template, wanted)
    ours = {str(rule["name"]) for rule in rules} | {_type(rule) for rule in rules}
    others = [
        rule for rule in made["scale"].get("rules") or [] if not {str(rule.get("name")), _type(rule)} & ours
    ]
    made["scale"]["rules"] = [*others, *rules]
    return made


def drift(template: Template, wanted: Template) -> list[str]:
    """In what ways a template scales otherwise than it should, in words."""
    has, should = replica_range(template), replica_range(wanted)
    told: list[str] = []
    if has != should:
        told.append(f"{has.least} to {has.most} replicas instead of {should.least} to {should.most}")
    mine = _rules(template)
    told += [
        f"{what} {mine[what]} instead of {share}" if what in mine else f"no rule for {what}"
        for what, share in _rules(wanted).items()
        if mine.get(what) != share
    ]
    return told or ["other rules"]


def _rules(template: Template) -> dict[str, str]:
    """The share at which each CPU or memory rule adds replicas, by its kind."""
    rules: list[dict[str, Any]] = (template.get("scale") or {}).get("rules") or []
    return {
        _type(rule): f"{rule['custom'].get('metadata', {}).get('value', '?')} %"
        for rule in rules
        if _type(rule) in {"cpu", "memory"}
    }


def _type(rule: dict[str, Any]) -> str:
    return str((rule.get("custom") or {}).get("type") or "")
