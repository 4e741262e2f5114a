"""Who answers an incident and when: teams with hours and rotations, escalation policies, holidays, channels."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal

from pydantic import Field

from shared.model.forms import HttpsUrl, Mail, Name, SecretUrl, TimeZone
from shared.model.severity import Severity
from shared.model.wire import Strict

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WORKING_WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri")


class Hours(Strict):
    """When a team works, in its local time. `end` at or before `start` is on the next day."""

    weekdays: tuple[Weekday, ...] = Field(default=WORKING_WEEK, min_length=1)
    start: time = time(9, 0)
    end: time = time(18, 0)
    on_holidays: bool = False


class Rotation(Strict):
    """People who take turns: the first takes over on `starts` at `handover` (local), the next one a turn later."""

    people: tuple[Mail, ...] = Field(min_length=1)
    every: Literal["day", "week"] = "week"
    starts: date
    handover: time = time(9, 0)


class Override(Strict):
    """Somebody else for a while, in the team's local time: instead of one of them, or of whose turn it is."""

    who: Mail
    instead_of: Mail | None = None
    begins: datetime
    ends: datetime


class Team(Strict):
    """A team that is told of incidents, in the time of its calendar. Without `hours` it answers around the clock."""

    name: Name
    title: str
    mail: Mail
    calendar: Name | None = None
    hours: Hours | None = None
    rotation: Rotation | None = None
    overrides: tuple[Override, ...] = ()
    channels: tuple[Name, ...] = ()


class Level(Strict):
    """One rung of a ladder: a team, and how long it has before the next one is told.

    Without `within` and `within_business_days` the next one is told at the same time.
    """

    team: Name
    within: timedelta | None = None
    within_business_days: int | None = Field(default=None, ge=1, le=30)
    begins: Literal["at_once", "next_business_day"] = "at_once"


class Policy(Strict):
    """One escalation policy: for each severity who is told first, and who next while nobody acknowledges.

    `respond_within` is how soon somebody must answer, where the policy promises that.
    """

    name: Name
    title: str
    severities: dict[Severity, tuple[Level, ...]]
    respond_within: dict[Severity, timedelta] = Field(default_factory=dict[Severity, timedelta])
    calendar: Name | None = None
    tickets: Name | None = None

    def ladder(self, severity: Severity) -> tuple[Level, ...]:
        """The rungs of that severity; of the next worse one where it has none of its own."""
        worst_first = list(Severity)
        for one in reversed(worst_first[: worst_first.index(severity) + 1]):
            if rungs := self.severities.get(one):
                return rungs
        return next((rungs for one in worst_first if (rungs := self.severities.get(one))), ())


class Owner(Strict):
    """Who besides the ladder hears of an alert rule at once, and where: its owners and channels."""

    alert_rule: str
    teams: tuple[Name, ...] = Field(min_length=1)
    channels: tuple[Name, ...] = ()


class Holiday(Strict):
    """A day off of our own, beside the country's."""

    date: date
    name: str


class Calendar(Strict):
    """A place's time: zone, business hours, holidays of a country (ISO 3166, `JP`) or its subdivision, own dates."""

    name: Name
    time_zone: TimeZone
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    subdivision: str | None = None
    own: tuple[Holiday, ...] = ()
    business: Hours = Hours()


class Channel(Strict):
    """A place for messages that is no mailbox; `secret` is the Key Vault secret that holds its Apprise URL.

    A `chat` is read when somebody looks, a `page` wakes people.
    """

    name: Name
    kind: Literal["chat", "page"]
    secret: SecretUrl


class TicketSystem(Strict):
    """Where incidents are kept as tickets; `secret` is the Key Vault secret with its password, token or key.

    `account` is the user name that belongs to the secret (servicenow, jira); `project` the Jira project's key or
    the Azure DevOps project.
    """

    name: Name
    kind: Literal["servicenow", "jira", "azure_devops", "pagerduty"]
    url: HttpsUrl
    secret: SecretUrl
    account: str = ""
    project: str = ""


class OnCall(Strict):
    """Everything that decides whom an incident reaches. The first calendar and policy hold where none is named."""

    calendars: tuple[Calendar, ...] = Field(min_length=1)
    teams: tuple[Team, ...] = Field(min_length=1)
    policies: tuple[Policy, ...] = Field(min_length=1)
    owners: tuple[Owner, ...] = ()
    channels: tuple[Channel, ...] = ()
    ticket_systems: tuple[TicketSystem, ...] = ()

    def team(self, name: str) -> Team:
        """The team of that name; KeyError when there is none."""
        for team in self.teams:
            if team.name == name:
                return team
        raise KeyError(name)

    def policy(self, name: str | None) -> Policy:
        """The policy of that name; the first one for none, or for one that is gone since."""
        return next((policy for policy in self.policies if policy.name == name), self.policies[0])

    def calendar(self, name: str | None) -> Calendar:
        """The calendar of that name; the first one for none, or for one that is gone since."""
        return next((one for one in self.calendars if one.name == name), self.calendars[0])

    def channel(self, name: str) -> Channel | None:
        """The channel of that name, if there is one."""
        return next((channel for channel in self.channels if channel.name == name), None)

    def ticket_system(self, name: str | None) -> TicketSystem | None:
        """The ticket system of that name, if there is one."""
        return next((system for system in self.ticket_systems if system.name == name), None)
