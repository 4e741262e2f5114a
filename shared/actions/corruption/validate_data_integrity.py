"""Proves that restored data is what it was when it was good."""

from shared.actions.action import Call, action
from shared.actions.integrity import last_good, problems
from shared.actions.restoration import restoration_of
from shared.errors import CheckFailed
from shared.model.estate import CosmosDb, KeyVault, Storage
from shared.model.outcome import Finding, Outcome, Pending
from shared.model.severity import Severity
from shared.model.wire import Frozen

SHOWN = 8


class Params(Frozen):
    """Whose data; where it is now and since when it was good, the restore has written down."""

    service: CosmosDb | Storage | KeyVault


@action(changes=False)
def validate_data_integrity(params: Params, call: Call) -> Outcome | Pending:
    """Compares counts, sampled hashes and tenant boundaries with the last known good manifest; any loss fails.

    What was written after the manifest may be more, never less or different.
    """
    service = params.service
    wanted = restoration_of(service, call)
    if wanted is None:
        raise CheckFailed(
            f"{service.name}: this run has decided nothing about it: restore_from_backup comes first"
        )
    if call.azure.cosmos_restore.is_only_expected(wanted.account_id):
        return Outcome(summary=f"{service.name}: what is restored can only be compared when it is there")
    manifest = last_good(service, call, wanted.good_at)
    wrong = problems(service, manifest, call, account_id=wanted.account_id)
    said = [problem for group in wrong.values() for problem in group]
    if said:
        more = f", and {len(said) - SHOWN} more" if len(said) > SHOWN else ""
        raise CheckFailed(f"{service.name} is not sound: {'; '.join(said[:SHOWN])}{more}")
    if manifest is None:
        finding = Finding(
            check="validate_data_integrity",
            resource=wanted.account_id,
            severity=Severity.HIGH,
            title=f"{service.name} has no manifest from before {wanted.good_at.isoformat()}",
            recommendation="its boundaries and newest documents are right; count by hand whether all are there",
        )
        return Outcome(
            summary=f"{service.name}: sound as far as can be told without a manifest", findings=(finding,)
        )
    return Outcome(
        summary=f"{service.name} is what it was at {manifest.taken_at.isoformat()}, or more",
        evidence={"manifest": manifest.taken_at.isoformat(), "account": wanted.account_id},
    )
