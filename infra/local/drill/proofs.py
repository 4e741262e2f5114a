"""Whether everybody was really told of an incident, once, as the simulated mail, chats and ticket system have it."""

from collections import Counter

from infra.local.drill.truth import Truth
from shared.model.estate import Estate
from shared.model.incident import Incident


def unproved(incident: Incident, estate: Estate, truth: Truth) -> list[str]:
    """A sentence for each message that is missing or came twice, and for a ticket that is not as the incident is."""
    return [*_mails(incident, truth), *_messages(incident, estate, truth), *_ticket(incident, truth)]


def _mails(incident: Incident, truth: Truth) -> list[str]:
    """Everybody of every level that was told has a mail, and nobody the same one twice."""
    found: list[str] = []
    sent = Counter(
        (address, mail["subject"])
        for mail in truth.mails
        for address in mail["to"]
        if f"{incident.alert.rule}{_about(incident)}" in mail["subject"]
    )
    wanted = {address for rung in incident.ladder if rung.told_at for address in rung.to}
    got = {address for address, _ in sent}
    found += [f"{who} should have had a mail, and has none" for who in sorted(wanted - got)]
    found += [f"{who} has been mailed '{what}' {n} times" for (who, what), n in sent.items() if n > 1]
    return found


def _about(incident: Incident) -> str:
    what = incident.tenant or incident.service
    return f" ({what})" if what else ""


def _messages(incident: Incident, estate: Estate, truth: Truth) -> list[str]:
    secrets = (
        {one.name: one.secret.rsplit("/", 1)[-1] for one in estate.escalation.channels}
        if estate.escalation
        else {}
    )
    wanted = {channel for rung in incident.ladder if rung.told_at for channel in rung.channels}
    chats = {one["channel"] for one in truth.world["messages"] if incident.alert.rule in one["text"]}
    pages = {
        one["service"]
        for one in truth.world["pages"]
        if any(incident.alert.rule in str(entry["summary"]) for entry in one["log"])
    }
    return [
        f"{one} should have been reached, and was not"
        for one in sorted(wanted)
        if secrets.get(one) not in chats | pages
    ]


def _ticket(incident: Incident, truth: Truth) -> list[str]:
    tickets = [one for one in truth.world["tickets"] if one["key"] == incident.id]
    if incident.ticket is None:
        return ["the incident has no ticket"]
    if len(tickets) != 1:
        return [f"there are {len(tickets)} tickets of {incident.id}"]
    return [] if tickets[0]["closed"] else [f"ticket {incident.ticket.number} is not closed"]
