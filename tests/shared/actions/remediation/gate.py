"""The gate of the sample estate."""

from typing import Any

from shared.actions.security.preserve_evidence import preserve_evidence
from shared.plans.tenant_scope import gate_of
from tests.shared.actions.stage import RUN_ID, Stage, contoso

GATE, APP, WHERE = gate_of(contoso())
EVIDENCE = "foundry-ops-evidence"


def evidence_kept(stage: Stage, run_id: str = RUN_ID) -> None:
    step = preserve_evidence.step(
        container=EVIDENCE, apps=(APP,), groups=(), accounts=(), vaults=(), principals=()
    )
    stage.lab.advance(30)
    stage.carry_out(step, run_id=run_id)


def isolated(stage: Stage) -> set[str]:
    stage.lab.advance(2)
    return set(stage.truth["tenant_gate"])


def params(tenant: str = "fabrikam", **more: Any) -> dict[str, Any]:
    return {"tenant": tenant, **WHERE, **more}
