"""A drill believes evidence only when it is whole and about its own run."""

import pytest

from infra.local.drill import evidence
from infra.local.drill.failures import DrillFailed
from shared.model.run import RunRecord
from tests.shared.evidence.test_verify import bundle


def sealed(run_id: str) -> bytes:
    manifest = {"run_id": run_id, "counts": {"sent": 3}, "gaps": ["a gap"]}
    return bundle(run_id, made=[("manifest", manifest), ("record", {"run_id": run_id})])


def test_evidence_that_was_changed_or_is_of_another_run_fails_the_drill() -> None:
    run = RunRecord.model_construct(run_id="recovery-one")
    bundle = sealed("recovery-one")
    assert (
        evidence.checked(bundle, run) == "verified, 2 lines in one chain, 3 of them requests sent, but a gap"
    )
    with pytest.raises(DrillFailed, match="evidence of recovery-one is not genuine: "):
        evidence.checked(bundle.replace(b"a gap", b"no gap"), run)
    with pytest.raises(DrillFailed, match="evidence of recovery-one is that of recovery-two"):
        evidence.checked(sealed("recovery-two"), run)
