"""Whether every incident would reach somebody: teams, people and channels that exist, ladders without gaps."""

from collections.abc import Iterator
from datetime import datetime, time

from shared.estate.document import Document, Path
from shared.estate.explain import suggest, unknown
from shared.importing import IMPORTING
from shared.model.estate import Estate
from shared.model.on_call import Calendar, OnCall, Override, Policy, Team
from shared.model.severity import Severity

type Complaint = tuple[Path, str]

# Informational incidents go the way of low ones.
_NEEDED = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)
_URGENT = (Severity.CRITICAL, Severity.HIGH)
_SECTION = "escalation"


def check_on_call(estate: Estate, document: Document) -> Iterator[Complaint]:
    """Every contradiction in the section; a service's policy is looked for too."""
    on_call = estate.escalation
    policies = [policy.name for policy in on_call.policies] if on_call else []
    for i, service in enumerate(estate.services):
        if service.on_call is not None and service.on_call not in policies:
            yield ("services", i, "on_call"), unknown(service.on_call, "escalation policy", policies)
    if on_call is None:
        return
    yield from _twice(on_call, document)
    for i, calendar in enumerate(on_call.calendars):
        yield from _calendar(calendar, (_SECTION, "calendars", i))
    for i, team in enumerate(on_call.teams):
        yield from _team(estate, on_call, team, (_SECTION, "teams", i))
    for i, policy in enumerate(on_call.policies):
        yield from _policy(on_call, policy, (_SECTION, "policies", i))
    for i, owner in enumerate(on_call.owners):
        where: Path = (_SECTION, "owners", i)
        for j, team in enumerate(owner.teams):
            if message := _no_team(on_call, team):
                yield (*where, "teams", j), message
        yield from _channels(on_call, owner.channels, where)
    for i, system in enumerate(on_call.ticket_systems):
        where = (_SECTION, "ticket_systems", i)
        if system.kind in {"jira", "azure_devops"} and not system.project:
            yield where, f"is a {system.kind} system without a project; add 'project: <its name or key>'"
        if system.kind in {"jira", "servicenow"} and not system.account:
            yield where, f"is a {system.kind} system without an account; add 'account: <user name>'"


def _twice(on_call: OnCall, document: Document) -> Iterator[Complaint]:
    columns: tuple[tuple[str, str, list[str]], ...] = (
        ("calendars", "name", [one.name for one in on_call.calendars]),
        ("teams", "name", [one.name for one in on_call.teams]),
        ("policies", "name", [one.name for one in on_call.policies]),
        ("owners", "alert_rule", [one.alert_rule for one in on_call.owners]),
        ("channels", "name", [one.name for one in on_call.channels]),
        ("ticket_systems", "name", [one.name for one in on_call.ticket_systems]),
    )
    for part, field, values in columns:
        first: dict[str, Path] = {}
        for i, value in enumerate(values):
            path: Path = (_SECTION, part, i, field)
            if before := first.get(value.lower()):
                line = document.line(before)
                yield path, f"'{value}' stands on line {line} already; each must be given once"
            first.setdefault(value.lower(), path)


def _calendar(calendar: Calendar, where: Path) -> Iterator[Complaint]:
    yield from _whole_minutes(calendar.business, ("start", "end"), (*where, "business"))
    if calendar.business.start >= calendar.business.end:
        yield (*where, "business", "end"), "must be later than start; a business day is one day"
    if calendar.country is None:
        return
    with IMPORTING:
        from holidays.registry import EntityLoader  # noqa: PLC0415 - estates without a country do without

    if calendar.country not in EntityLoader.get_country_codes(include_aliases=False):
        message = f"no holidays are known of '{calendar.country}'; write an ISO 3166 code such as JP, or leave it out"
        yield (*where, "country"), message
    elif calendar.subdivision is not None:
        with IMPORTING:
            import holidays  # noqa: PLC0415 - as above

            # Its first use imports two hundred countries, so only who names a subdivision waits for that.
            divisions = holidays.country_holidays(calendar.country).subdivisions
        if calendar.subdivision not in divisions:
            message = unknown(calendar.subdivision, f"subdivision of {calendar.country}", divisions)
            yield (*where, "subdivision"), message


def _team(estate: Estate, on_call: OnCall, team: Team, where: Path) -> Iterator[Complaint]:
    people = {person.mail for person in estate.people}
    known = {mail.lower() for mail in people}
    if rotation := team.rotation:
        for j, mail in enumerate(rotation.people):
            if mail.lower() not in known:
                yield (*where, "rotation", "people", j), unknown(mail, "person's mail address", people)
        yield from _whole_minutes(rotation, ("handover",), (*where, "rotation"))
    if team.hours is not None:
        yield from _whole_minutes(team.hours, ("start", "end"), (*where, "hours"))
    if message := _no_calendar(on_call, team.calendar):
        yield (*where, "calendar"), message
    for j, override in enumerate(team.overrides):
        yield from _override(override, people, team, (*where, "overrides", j))
    yield from _channels(on_call, team.channels, where)


def _override(override: Override, people: set[str], team: Team, where: Path) -> Iterator[Complaint]:
    if override.who.lower() not in {mail.lower() for mail in people}:
        yield (*where, "who"), unknown(override.who, "person's mail address", people)
    turns = team.rotation.people if team.rotation else ()
    if override.instead_of is not None and override.instead_of not in turns:
        message = f"'{override.instead_of}' takes no turn in {team.name}; "
        yield (
            (*where, "instead_of"),
            message + (suggest(override.instead_of, turns) if turns else "leave it out"),
        )
    if wrong := list(_whole_minutes(override, ("begins", "ends"), where)):
        yield from wrong
        return
    if override.ends <= override.begins:
        yield (*where, "ends"), "must be later than begins"


def _policy(on_call: OnCall, policy: Policy, where: Path) -> Iterator[Complaint]:
    around_the_clock = {team.name for team in on_call.teams if team.hours is None}
    systems = [system.name for system in on_call.ticket_systems]
    if policy.tickets is not None and policy.tickets not in systems:
        yield (*where, "tickets"), unknown(policy.tickets, "ticket system", systems)
    if message := _no_calendar(on_call, policy.calendar):
        yield (*where, "calendar"), message
    for severity in _NEEDED:
        if not policy.severities.get(severity):
            yield (
                (*where, "severities", str(severity)),
                "is missing, so nobody would be told; add its teams",
            )
    for severity, levels in policy.severities.items():
        path: Path = (*where, "severities", str(severity))
        wrong = False
        for j, level in enumerate(levels):
            if message := _no_team(on_call, level.team):
                wrong = True
                yield (*path, j, "team"), message
            if level.within is not None and level.within_business_days is not None:
                yield (*path, j, "within_business_days"), "stands beside within; keep one of them"
            if level.begins == "next_business_day" and (j or severity in _URGENT):
                message = "'next_business_day' is for the first level of what can wait; remove it here"
                yield (*path, j, "begins"), message
        teams = {level.team for level in levels}
        if severity in _URGENT and levels and not wrong and not teams & around_the_clock:
            message = (
                "has no team that answers around the clock, so at night and on holidays nobody on duty would be"
                " told; add one without hours"
            )
            yield path, message


def _whole_minutes(value: object, fields: tuple[str, ...], where: Path) -> Iterator[Complaint]:
    for field in fields:
        moment: time | datetime = getattr(value, field)
        if moment.tzinfo or moment.second or moment.microsecond:
            yield (
                (*where, field),
                "must be local and in whole minutes such as 09:00; the zone is the calendar's",
            )


def _no_calendar(on_call: OnCall, name: str | None) -> str:
    names = {calendar.name for calendar in on_call.calendars}
    return "" if name is None or name in names else unknown(name, "calendar", names)


def _no_team(on_call: OnCall, name: str) -> str:
    names = {team.name for team in on_call.teams}
    return "" if name in names else unknown(name, "team", names)


def _channels(on_call: OnCall, names: tuple[str, ...], where: Path) -> Iterator[Complaint]:
    known = {channel.name for channel in on_call.channels}
    for j, name in enumerate(names):
        if name not in known:
            yield (*where, "channels", j), unknown(name, "channel", known)
