"""Our rule is set once, and other rules stay."""

from shared.actions.remediation.set_lifecycle_policy import set_lifecycle_policy
from shared.model.estate import Storage
from shared.model.plan import Step
from tests.shared.actions.changes_once import ChangesOnce, Scenario, contoso
from tests.shared.actions.stage import Stage

ACCOUNT = next(one for one in contoso().of_kind(Storage) if one.name == "training-data").resource_id


def tidy(keep_days: int = 14) -> Step:
    return set_lifecycle_policy.step(account_id=ACCOUNT, keep_days=keep_days, cool_after_days=30)


def rules(stage: Stage) -> list[dict]:
    return stage.properties(f"{ACCOUNT}/managementPolicies/default")["policy"]["rules"]


def tidies_itself(stage: Stage) -> None:
    (rule,) = rules(stage)
    actions = rule["definition"]["actions"]
    assert actions["version"] == {"delete": {"daysAfterCreationGreaterThan": 14}}
    assert actions["baseBlob"] == {"tierToCool": {"daysAfterModificationGreaterThan": 30}}, "never deleted"


class TestThePolicy(ChangesOnce):
    scenario = Scenario(step=tidy, reached=tidies_itself)


def test_somebody_elses_rule_stays_and_ours_is_replaced(stage: Stage) -> None:
    stage.carry_out(tidy(30))

    def add(policy: dict) -> None:
        policy["properties"]["policy"]["rules"].insert(0, {"name": "theirs", "enabled": True})

    stage.change(f"{ACCOUNT}/managementPolicies/default", add)
    stage.carry_out(tidy())
    assert [rule["name"] for rule in rules(stage)] == ["theirs", "foundry-ops-tidy"]
