"""The workspace's tables: the rows that they have of some time."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime

from infra.local.azure import contoso, landing_zone
from infra.local.azure.core.clock import iso
from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.security import defender
from infra.local.azure.services.telemetry import web_tests
from infra.local.azure.services.telemetry.notes import INFERENCE, noted
from infra.local.azure.services.telemetry.story import RU_PER_REQUEST, USERS, Story

WORKSPACE = "5d0c7a0e-6f53-4a7b-9a55-0f0a5e10c0de"
AGENTS, INFERENCE_ROLE = "agent-service", "ml-inference"
TEST_EVERY, LOCATIONS = 12, ("Tokyo", "Osaka", "Singapore", "Sydney", "Seoul")
# The documents that rows are told from: while none of them changes, neither do the rows of a time.
TOLD_FROM = ("fault", "note", "traffic", "traffic minute", defender.ALERTS)

type Rows = Iterator[Json]
type Maker = Callable[[Story, float, float], Rows]


def rows(world: World, table: str, since: float, until: float) -> Rows:
    """Yield what a table has of `since <= TimeGenerated <= until`, as far as time has come."""
    maker = _MAKERS.get(table)
    if maker is None:
        return
    story = Story(world)
    shared = {"TenantId": WORKSPACE, "Type": table}
    for row in maker(story, since, min(until, world.now)):
        at = row.pop("at")
        if since <= at <= until:
            yield {**shared, "TimeGenerated": iso(at)[:26], **row}


def _grain(since: float, until: float) -> int:
    """Return the seconds that one row stands for: the longer the time asked about, the more it is sampled."""
    span = until - since
    return 1 if span <= 900 else 10 if span <= 3 * 3600 else 60 if span <= 86_400 else 600


def _steps(since: float, until: float, grain: int) -> Iterator[int]:
    first = int(since) // grain * grain
    yield from range(first if first >= since else first + grain, int(until) + 1, grain)


def _requests(story: Story, since: float, until: float) -> Rows:
    grain = _grain(since, until)
    for at in _steps(since, until, grain):
        for tenant in story.tenants():
            yield from _agents(story, tenant, at, grain)
        if at % 5 == 0 or grain > 5:
            served = noted(story.world, INFERENCE, at, 1)
            if served:
                properties = {"deployment": "fraud-detection"}
                yield {
                    **_app(at, INFERENCE_ROLE, properties, max(grain, 5) * 2),
                    "Name": "POST /score",
                    "Url": "https://ml-inference.contoso.com/score",
                    "ResultCode": "200",
                    "Success": True,
                    "DurationMs": story.inference(at),
                }


def _agents(story: Story, tenant: str, at: int, grain: int) -> Rows:
    """One row for each way in which requests of a step ended."""
    ended: dict[int, int] = {}
    for second in range(at, at + grain, max(1, grain // 10)):
        status = story.status(tenant, second)
        ended[status] = ended.get(status, 0) + 1
    looked_at = sum(ended.values())
    attacked = [one for one in story.faults("security_alert", at) if one.get("message") == "credentials"]
    if attacked and tenant == story.tenants()[0]:
        yield {
            **_app(at, AGENTS, {"tenantId": tenant, "userId": f"{tenant}-user-00"}, grain),
            "Name": "GET /files",
            "Url": "https://api.fas.contoso.com/files",
            "ResultCode": "200",
            "Success": True,
            "DurationMs": 90.0,
            "UserId": f"{tenant}-user-00",
            "ClientIP": f"198.51.100.{at // grain % 60}",
        }
    user = f"{tenant}-user-{at // grain * 7 % USERS:02}"
    for status, share in ended.items():
        if not status:
            continue
        count = round(story.rate(tenant, at) * grain * share / looked_at)
        yield {
            **_app(at, AGENTS, {"tenantId": tenant, "userId": user}, count),
            "Name": f"POST /tenants/{tenant}/messages",
            "Url": f"https://api.fas.contoso.com/tenants/{tenant}/messages",
            "ResultCode": str(status),
            "Success": status < 400,
            "DurationMs": story.duration(tenant, at) if status < 400 else 12.0,
            "UserId": user,
            "ClientIP": f"203.0.113.{at // grain * 7 % USERS + 1}",
        }


def _measured(story: Story, since: float, until: float) -> Rows:
    """What requests cost: the request units of each tenant, once a minute as the SDK sends them."""
    for at in _steps(since, until, max(60, _grain(since, until))):
        for tenant in story.tenants():
            served = sum(story.status(tenant, second) == 200 for second in range(at, at + 60, 5))
            count = round(story.rate(tenant, at) * 60 * served / 12)
            if count:
                yield {
                    **_app(at, AGENTS, {"tenantId": tenant, "container": "messages"}, count),
                    "Name": "cosmos_ru_consumption",
                    "Sum": count * RU_PER_REQUEST,
                    "Min": RU_PER_REQUEST,
                    "Max": RU_PER_REQUEST,
                }


def _tested(story: Story, since: float, until: float) -> Rows:
    """Availability tests: of the front doors from five places, each once a minute, and of whoever else has one.

    Over a long time one row stands for the tests of ten minutes that ended alike.
    """
    world, grain = story.world, _grain(since, until)
    tests: list[tuple[str, int, float, Callable[[float], bool]]] = [
        # A tenant that is turned away on purpose says nothing about the platform.
        (
            "fas-front-door",
            TEST_EVERY,
            since,
            lambda at: any(story.status(one, at) == 200 for one in story.tenants()),
        ),
        (INFERENCE, TEST_EVERY, since, lambda at: noted(world, INFERENCE, at, 1) == 1),
    ]
    for name in web_tests.tested(world):
        begun = web_tests.since(world, name)
        tests.append((name, 60, max(since, begun), lambda at, name=name: web_tests.passed(world, name, at)))
    for name, every, first, passed in tests:
        step = every if grain <= 60 else grain
        for at in _steps(first, until, step):
            looks = range(at, at + step, max(every, 60))
            good = sum(passed(one) for one in looks)
            for well, share in ((True, good), (False, len(looks) - good)):
                if share:
                    yield _test(at, name, round(step / every * share / len(looks)), well=well)


def _test(at: float, name: str, count: int, *, well: bool) -> Json:
    return {
        **_app(at, name, {}, count),
        "Name": name,
        "Location": LOCATIONS[int(at) // TEST_EVERY % len(LOCATIONS)],
        "Success": well,
        "DurationMs": 180.0 if well else 30_000.0,
        "Message": "Passed" if well else "Response status code does not indicate success",
    }


def _traced(story: Story, since: float, until: float) -> Rows:
    """What the agents say: whom they let reach which class of data, and whom they did not."""
    for at in _steps(since, until, max(20, _grain(since, until))):
        for tenant in story.tenants():
            reads = {"tenantId": tenant, "operation": "read", "dataClassification": "confidential"}
            if story.status(tenant, at) == 200:
                yield {
                    **_app(at, AGENTS, reads, round(story.rate(tenant, at))),
                    "Message": "dataAccess",
                    "SeverityLevel": 1,
                }
    # None of these is left out, however long the time that is asked about.
    for fault in story.world.faults.history("boundary_violation"):
        tenant = fault["target"].lower()
        ended = fault.get("ended", float("inf"))
        for at in _steps(max(since, fault["started"]), min(until, ended), 20):
            if at >= ended:
                break
            others = ", ".join(one for one in story.tenants() if one != tenant)
            said = f"boundary violation: a user of {tenant} asked for a document of {others}"
            about = {"tenantId": tenant, "userId": f"{tenant}-user-00"}
            yield {**_app(at, AGENTS, about, 1), "Message": said, "SeverityLevel": 3}


def _trained(story: Story, since: float, until: float) -> Rows:
    """Training jobs: one an hour that goes well, and what a fault makes fail."""
    for at in _steps(since, until, 60):
        if at % 3600 == 0:
            yield _job(at, landing_zone.WORKSPACE_NAMES["eastus2"], "JobSucceeded", "")
        for fault in story.faults("training_failures", at):
            every = max(60, round(3600 / float(fault.get("per_hour", 12)) / 60) * 60)
            if (at - int(fault["started"]) // 60 * 60) % every == 0:
                yield _job(
                    at, fault["target"], "JobFailed", "ResourceExhausted: the quota of the cluster is used up"
                )


def _job(at: float, workspace: str, event: str, message: str) -> Json:
    parts = (landing_zone.WORKSPACES, workspace)
    return {
        "at": at,
        "EventType": event,
        "JobName": f"train-{int(at)}",
        "ClusterName": "gpu-cluster-01",
        "WorkspaceName": workspace,
        "JobErrorMessage": message,
        "_ResourceId": contoso.resource_id(landing_zone.EAST, *parts).lower(),
    }


def _alerted(story: Story, since: float, until: float) -> Rows:
    """The alerts of Defender for Cloud as Sentinel writes them: when raised, and again when they change."""
    for _, row in story.world.table(defender.ALERTS).rows():
        about = row["properties"]
        targets = about.get("resourceIdentifiers") or [{}]
        for moment, status in ((about["timeGeneratedUtc"], "New"), (about["endTimeUtc"], about["status"])):
            at = datetime.fromisoformat(moment).timestamp() + (1 if status != "New" else 0)
            if since <= at <= until:
                yield {
                    "at": at,
                    "AlertName": about["alertType"],
                    "DisplayName": about["alertDisplayName"],
                    "AlertSeverity": about["severity"],
                    "ProviderName": "Azure Security Center",
                    "ProductName": "Microsoft Defender for Cloud",
                    "SystemAlertId": row["name"],
                    "Status": status,
                    "CompromisedEntity": about["compromisedEntity"],
                    "ResourceId": targets[0].get("azureResourceId", ""),
                    "Description": about["alertDisplayName"],
                }


def _signed_in(story: Story, since: float, until: float) -> Rows:
    """Sign-ins: now and then somebody mistypes, and an attack on credentials tries again and again."""
    for at in _steps(since, until, 20):
        user = at // 20 % 7
        wrong = at // 20 % 13 == 0
        yield _sign_in(at, f"user-{user}@contoso.com", f"203.0.113.{user + 1}", wrong=wrong)
        for fault in story.faults("security_alert", at):
            if fault.get("message") == "credentials":
                victim = str(fault["target"]) if "@" in str(fault["target"]) else "alice@contoso.com"
                yield _sign_in(at + 1, victim, f"198.51.100.{at // 20 % 40}", wrong=True)


def _sign_in(at: float, user: str, address: str, *, wrong: bool) -> Json:
    return {
        "at": at,
        "UserPrincipalName": user,
        "UserId": user,
        "IPAddress": address,
        "ResultType": "50126" if wrong else "0",
        "ResultDescription": "Invalid username or password." if wrong else "",
        "AppDisplayName": "Foundry Agent Service",
    }


def _app(at: float, role: str, properties: Json, count: int) -> Json:
    group = contoso.EAST if role == AGENTS else contoso.GLOBAL
    return {
        "at": at,
        "AppRoleName": role,
        "OperationId": f"{int(at):032x}",
        "Properties": json.dumps(properties),
        "ItemCount": count,
        "_ResourceId": contoso.resource_id(group, "Microsoft.Insights/components", f"appi-{role}").lower(),
    }


_MAKERS: dict[str, Maker] = {
    "AppRequests": _requests,
    "AppMetrics": _measured,
    "AppAvailabilityResults": _tested,
    "AppTraces": _traced,
    "AmlComputeJobEvent": _trained,
    "SecurityAlert": _alerted,
    "SigninLogs": _signed_in,
}
