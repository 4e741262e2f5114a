"""What must hold between the parts of an estate; types alone cannot say it."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations

from pydantic import BaseModel

from shared.estate.document import Document, Mistake, Path
from shared.estate.explain import suggest, unknown
from shared.estate.landing_zone import check_landing_zone
from shared.estate.on_call import check_on_call
from shared.estate.resources import check_resources
from shared.estate.security import check_security
from shared.model.estate import (
    AiSearch,
    ContainerApp,
    CosmosDb,
    Estate,
    Role,
    Schedule,
    Storage,
    TrafficRoute,
)
from shared.model.plan import PlanKind

type Complaint = tuple[Path, str]

_PLACES = ("app", "scheduler", "keys", "mail")

# The timer ticks every five minutes; an occurrence that is useful for less could miss its only tick.
_LEAST_USEFUL = timedelta(minutes=10)
_TICK = timedelta(minutes=5)


def check(estate: Estate, document: Document) -> list[Mistake]:
    """Every contradiction in an estate whose types are right."""
    complaints = (
        *_used_twice(estate, document),
        *_regions(estate),
        *_platform(estate, document),
        *check_resources(estate),
        *_references(estate),
        *check_landing_zone(estate, document),
        *_approvals(estate),
        *_duties(estate),
        *_contacts(estate),
        *_schedules(estate, document),
        *_durations(estate, ()),
        *check_security(estate),
        *_drills(estate, document),
        *_tenant_gate(estate),
        *check_on_call(estate, document),
    )
    return [document.mistake(path, message) for path, message in complaints]


def _used_twice(estate: Estate, document: Document) -> Iterator[Complaint]:
    """Names are how things refer to each other, so each may be given once; so may a person's identity."""
    columns: tuple[tuple[str, str, list[str]], ...] = (
        ("regions", "", list(estate.regions)),
        ("services", "name", [one.name for one in estate.services]),
        ("tenants", "name", [one.name for one in estate.tenants]),
        ("people", "name", [one.name for one in estate.people]),
        ("people", "mail", [one.mail for one in estate.people]),
        ("people", "object_id", [one.id for one in estate.people]),
        ("remediation", "alert_rule", [one.alert_rule for one in estate.remediation]),
    )
    for section, field, values in columns:
        first: dict[str, Path] = {}
        for i, value in enumerate(values):
            path: Path = (section, i, field) if field else (section, i)
            if before := first.get(value.lower()):
                line = document.line(before)
                yield path, f"'{value}' stands on line {line} already; each must be given once"
            else:
                first[value.lower()] = path


def _regions(estate: Estate) -> Iterator[Complaint]:
    places: list[tuple[Path, str]] = [
        (("platform", place), getattr(estate.platform, place)) for place in _PLACES
    ]
    for i, service in enumerate(estate.services):
        places += [(("services", i, "region"), service.region)]
        places += [(("services", i, "recovery_region"), service.recovery_region)]
        if service.region == service.recovery_region:
            message = (
                f"'{service.region}' is the service's own region, so nothing survives there; name another"
            )
            yield ("services", i, "recovery_region"), message
    for path, region in places:
        if region not in estate.regions:
            yield path, f"'{region}' is not in regions; {suggest(region, estate.regions)} Else add it there."


def _platform(estate: Estate, document: Document) -> Iterator[Complaint]:
    """What recovers a region must not go down with it."""
    for place in _PLACES:
        region = getattr(estate.platform, place)
        hosted = [(i, service.name) for i, service in enumerate(estate.services) if service.region == region]
        if hosted:
            index, name = hosted[0]
            line = document.line(("services", index, "region"))
            message = (
                f"'{region}' hosts the primary of {name} (line {line}): what recovers a region must not"
                " go down with it; name a region that hosts no service's primary"
            )
            yield ("platform", place), message


def _references(estate: Estate) -> Iterator[Complaint]:
    databases = {service.name for service in estate.of_kind(CosmosDb)}
    accounts = {service.name for service in estate.of_kind(Storage)}
    everything = {service.name for service in estate.services}
    for i, service in enumerate(estate.services):
        if isinstance(service, AiSearch):
            if service.source not in databases:
                yield ("services", i, "source"), unknown(service.source, "cosmos_db service", databases)
            if service.snapshot_storage not in accounts:
                message = unknown(service.snapshot_storage, "storage service", accounts)
                yield ("services", i, "snapshot_storage"), message
            for j, other in enumerate(service.depends_on):
                if other not in everything - {service.name}:
                    message = unknown(other, "other service", everything - {service.name})
                    yield ("services", i, "depends_on", j), message
        if isinstance(service, TrafficRoute):
            for region in sorted({service.region, service.recovery_region} - service.endpoints.keys()):
                message = f"has no entry for {region}, where traffic must be led; add '{region}: <endpoint>'"
                yield ("services", i, "endpoints"), message


def _approvals(estate: Estate) -> Iterator[Complaint]:
    for kind in PlanKind:
        if kind not in estate.approvals:
            yield ("approvals", str(kind)), "is missing; add it, with 'required: 0' where nobody need agree"
    for kind, policy in estate.approvals.items():
        able: set[str] = set()
        for i, mail in enumerate(policy.approvers):
            person = estate.person_by_mail(mail)
            path = ("approvals", str(kind), "approvers", i)
            if person is None:
                yield path, unknown(mail, "person's mail address", {one.mail for one in estate.people})
            elif Role.APPROVER not in person.roles:
                yield (
                    path,
                    f"{mail} has not the role Approver; give it under people, or name somebody who has",
                )
            elif person.id in able:
                yield path, f"{mail} is named twice, and counts once; remove one"
            else:
                able.add(person.id)
        path = ("approvals", str(kind), "required")
        # Whoever starts a run may not approve it, so somebody who can start one does not count on.
        starters = {person.id for person in estate.people if Role.OPERATOR in person.roles}
        if policy.required > len(able):
            yield (
                path,
                f"is {policy.required}, but only {len(able)} of the approvers can approve; name more of them",
            )
        elif able & starters and policy.required > len(able) - 1:
            message = (
                f"is {policy.required} of {len(able)} approvers: nobody approves what they started, so a run"
                f" that one of them starts could never be approved; name at least {policy.required + 1}"
            )
            yield path, message


def _duties(estate: Estate) -> Iterator[Complaint]:
    """A duty that a policy asks for must be somebody's, else it waits for nobody."""
    for kind, policy in estate.approvals.items():
        wanted = [("declared_by", policy.declared_by)] if policy.declared_by else []
        if policy.break_glass_after is not None:
            wanted.append(("break_glass_by", policy.break_glass_by))
        approvers = [estate.person_by_mail(mail) for mail in policy.approvers]
        for field, duty in wanted:
            if not any(person is not None and duty in person.duties for person in approvers):
                known = {duty for person in estate.people for duty in person.duties}
                message = f"none of the approvers has the duty '{duty}'; {suggest(duty, known)} Give it under people."
                yield ("approvals", str(kind), field), message


def _contacts(estate: Estate) -> Iterator[Complaint]:
    if not estate.stakeholders:
        yield (
            ("stakeholders",),
            "is empty, so nobody would be told how a run ended; name at least one address",
        )
    if not estate.on_call:
        yield ("on_call",), "is empty, so nobody would be paged; name at least one address"


def _schedules(estate: Estate, document: Document) -> Iterator[Complaint]:
    for i, schedule in enumerate(estate.schedules):
        rules = [rule for rule in ("weekdays", "month_days", "dates") if getattr(schedule, rule)]
        if len(rules) > 1:
            yield (
                ("schedules", i, rules[1]),
                f"stands beside {rules[0]}; keep one, and write a schedule for the other",
            )
        yield from _frequency(schedule, ("schedules", i), rules)
        if schedule.at and (schedule.at.tzinfo or schedule.at.second or schedule.at.microsecond):
            message = "must be a local time in whole minutes such as 02:00; the zone goes into time_zone"
            yield ("schedules", i, "at"), message
        if schedule.useful_for < _LEAST_USEFUL:
            message = "must be at least PT10M: the clock is looked at every five minutes"
            yield ("schedules", i, "useful_for"), message
    # A scheduled run's id is its plan with its local date and time, so that it can start only once.
    for (i, one), (j, other) in combinations(enumerate(estate.schedules), 2):
        if one.plan == other.plan and one.at == other.at and one.at and _may_coincide(one, other):
            line = document.line(("schedules", i))
            message = (
                f"is when {one.plan} of line {line} may start too, and only one of them would; change one"
            )
            yield ("schedules", j, "at"), message


def _drills(estate: Estate, document: Document) -> Iterator[Complaint]:
    """A drill must fit its window, and each day has one."""
    drills = estate.drills
    if drills.takes > drills.length:
        yield ("drills", "takes"), "is longer than the window's length, so no drill could ever begin"
    if drills.start.tzinfo or drills.start.second or drills.start.microsecond:
        yield (
            ("drills", "start"),
            "must be a local time in whole minutes such as 02:00; the zone is time_zone",
        )
    first: dict[object, int] = {}
    for i, one in enumerate(drills.dates):
        if one.date in first:
            line = document.line(("drills", "dates", first[one.date]))
            yield ("drills", "dates", i, "date"), f"stands on line {line} already; keep one of the two"
        first.setdefault(one.date, i)


def _frequency(schedule: Schedule, path: Path, rules: list[str]) -> Iterator[Complaint]:
    """`every` stands alone, and keeps step with the clock and with the day."""
    if schedule.every is None:
        if schedule.at is None:
            yield path, "says neither when (at: 02:00) nor how often (every: PT5M); add one of them"
        return
    if beside := [name for name in ("at", "time_zone") if getattr(schedule, name)] + rules:
        yield (*path, beside[0]), "stands beside every, which knows no days and times; keep one of them"
    if schedule.every < _TICK or schedule.every % _TICK or timedelta(days=1) % schedule.every:
        message = "must be a multiple of PT5M that divides a day, such as PT5M, PT15M, PT1H or P1D"
        yield (*path, "every"), message


def _may_coincide(one: Schedule, other: Schedule) -> bool:
    """Whether both may name the same day; days of different sorts may meet some day."""
    for mine, theirs in (
        (one.weekdays, other.weekdays),
        (one.month_days, other.month_days),
        (one.dates, other.dates),
    ):
        if mine and theirs:
            return bool(set(mine) & set(theirs))
    return True


def _durations(value: object, path: Path) -> Iterator[Complaint]:
    if isinstance(value, timedelta) and value <= timedelta(0):
        yield path, "must be longer than nothing, such as PT15M"
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _durations(getattr(value, name), (*path, name))
    elif isinstance(value, tuple):
        for i, item in enumerate(value):
            yield from _durations(item, (*path, i))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _durations(item, (*path, str(key)))


def _tenant_gate(estate: Estate) -> Iterator[Complaint]:
    """A gate without its app isolates nobody."""
    apps = {one.name for one in estate.of_kind(ContainerApp)}
    if (gate := estate.tenant_gate) is not None and gate.service not in apps:
        yield ("tenant_gate", "service"), unknown(gate.service, "container_app service", apps)
