"""The mail that asks one approver: what would happen, to what, and a link that is good for that person alone."""

from orchestrations.approval_links import Link, token_for
from shared.gateways.mail import Message
from shared.model.estate import Person
from shared.model.run import RunRequest
from shared.model.signing import plan_digest
from shared.reports import approval
from shared.runtime import Runtime


def approval_mail(world: Runtime, request: RunRequest, person: Person) -> Message:
    """The message for one approver."""
    policy = request.plan.approval
    link = Link(request.run_id, person.id, plan_digest(request.plan))
    token = token_for(world.signer, link, policy.expires_after)
    view = approval.view(request, time_zone=world.estate.time_zone)
    address = f"{world.settings.app_url}/api/approvals/{token}"
    return Message(
        to=(person.mail,),
        subject=f"Approval needed: {request.plan.title}"[:200],
        text=approval.mail_text(view, person.name, address),
        html=approval.mail_html(view, person.name, address),
    )
