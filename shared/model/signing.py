"""An HMAC over what starts or decides, so that queue or scheduler access alone forges nothing."""

import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.model.plan import Plan, Step, content_digest
from shared.model.run import Approval, Control, RunRequest, StepOrder

if TYPE_CHECKING:
    from shared.model.alert import Alert
    from shared.model.silence import Silence

type Signed = RunRequest | StepOrder | Approval | Control | Alert | Silence


@dataclass(frozen=True)
class Signer:
    """SHA-256 HMAC over canonical JSON, with the kind of content in front, so no signature serves twice."""

    key: bytes = field(repr=False)

    def sign[S: Signed](self, content: S) -> S:
        """The same content with its signature."""
        return content.model_copy(update={"signature": self._signature(content)})

    def sign_request(self, request: RunRequest) -> RunRequest:
        """Sign a run and each of its steps: every activity checks for itself that a signed plan wants it."""
        orders = step_orders(request)
        return self.sign(request).model_copy(
            update={"step_signatures": {order.name: self._signature(order) for order in orders}}
        )

    def is_ours(self, content: Signed) -> bool:
        """Whether this app signed exactly that."""
        return hmac.compare_digest(content.signature.encode(), self._signature(content).encode())

    def is_whole(self, request: RunRequest) -> bool:
        """Whether this app signed a run and each of its steps."""
        given = request.step_signatures
        return self.is_ours(request) and all(
            self.is_ours(order.model_copy(update={"signature": given.get(order.name, "")}))
            for order in step_orders(request)
        )

    def _signature(self, content: Signed) -> str:
        # Defaults are left out: a field that a later release adds breaks no signature of a run in flight.
        covered = content.model_dump(
            mode="json", exclude={"signature", "step_signatures"}, exclude_defaults=True
        )
        canonical = json.dumps(covered, sort_keys=True, separators=(",", ":"))
        return hmac.digest(self.key, f"{type(content).__name__}\n{canonical}".encode(), "sha256").hex()


def step_orders(request: RunRequest) -> Iterator[StepOrder]:
    """One order for each step and each undo step of a run, unsigned."""
    digest = plan_digest(request.plan)
    for name, step in all_steps(request.plan).items():
        yield StepOrder(
            run_id=request.run_id,
            plan_digest=digest,
            mode=request.mode,
            name=name,
            action=step.action,
            params=step.params,
        )


def all_steps(plan: Plan) -> dict[str, Step]:
    """Every step by the name it runs under; undo steps as `undo_<step>`."""
    steps = {step.name: step for step in plan.steps}
    return steps | {undo_name(step.name): step.undo for step in plan.steps if step.undo is not None}


def undo_name(step: str) -> str:
    """The name that a step's undo runs under."""
    return f"undo_{step}"


def plan_digest(plan: Plan) -> str:
    """SHA-256 over the plan, defaults left out as in signatures: what steps and approvals are bound to."""
    return content_digest(plan.model_dump(mode="json", exclude_defaults=True))
