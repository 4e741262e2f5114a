"""Whether the estate's `security` section agrees with its services, and locks nobody out who is needed."""

from collections.abc import Iterator

from shared.estate.document import Path
from shared.estate.explain import suggest
from shared.estate.resources import wrong_resource
from shared.model.estate import AiSearch, ContainerApp, CosmosDb, Estate, KeyVault, OpenAi, Security, Storage

type Complaint = tuple[Path, str]

_GROUP = "Microsoft.Network/networkSecurityGroups"
_REGISTRY = "Microsoft.ContainerRegistry/registries"


def check_security(estate: Estate) -> Iterator[Complaint]:
    """Every contradiction in the section; none when the estate has none."""
    if (security := estate.security) is None:
        return
    yield from _groups(estate, security)
    yield from _keys(estate, security)
    yield from _images(estate, security)
    seen: set[str] = set()
    for i, one in enumerate(security.kept):
        if one.object_id.lower() in seen:
            yield ("security", "kept", i, "object_id"), f"'{one.object_id}' is given twice; remove one"
        seen.add(one.object_id.lower())


def _groups(estate: Estate, security: Security) -> Iterator[Complaint]:
    where: Path = ("security", "network_security_groups")
    for region, group in security.network_security_groups.items():
        if region not in estate.regions:
            yield (*where, region), f"'{region}' is not in regions; {suggest(region, estate.regions)}"
        if message := wrong_resource(group, estate.subscription_id, _GROUP):
            yield (*where, region), message
    for app in estate.of_kind(ContainerApp):
        if app.region not in security.network_security_groups:
            message = f"has none for {app.region}, where {app.name} runs, so nothing could isolate it; add it"
            yield where, message


def _keys(estate: Estate, security: Security) -> Iterator[Complaint]:
    kinds = CosmosDb | AiSearch | Storage | OpenAi
    accounts = {one.name: one for one in estate.services if isinstance(one, kinds)}
    vaults = {one.name: one for one in estate.of_kind(KeyVault)}
    for i, key in enumerate(security.keys):
        where: Path = ("security", "keys", i)
        if key.service not in accounts:
            message = f"'{key.service}' is no service with keys; {suggest(key.service, accounts)}"
            yield (*where, "service"), message
        elif key.form == "cosmos_connection_string" and not isinstance(accounts[key.service], CosmosDb):
            yield (*where, "form"), f"is for cosmos_db services, and {key.service} is none; write key"
        if (key.vault is None) != (key.secret is None):
            lacking, given = ("secret", "vault") if key.secret is None else ("vault", "secret")
            yield (
                (*where, given),
                f"stands without {lacking}; give both, or neither where nobody reads the key",
            )
        elif key.vault is not None and key.vault not in vaults:
            yield (*where, "vault"), f"'{key.vault}' is no key_vault service; {suggest(key.vault, vaults)}"
        elif key.vault is not None and key.secret not in vaults[key.vault].secrets:
            message = f"'{key.secret}' is no secret of {key.vault}; {suggest(key.secret, vaults[key.vault].secrets)}"
            yield (*where, "secret"), message


def _images(estate: Estate, security: Security) -> Iterator[Complaint]:
    apps = {one.name for one in estate.of_kind(ContainerApp)}
    for i, image in enumerate(security.images):
        where: Path = ("security", "images", i)
        if image.service not in apps:
            message = f"'{image.service}' is no container_app service; {suggest(image.service, apps)}"
            yield (*where, "service"), message
        if message := wrong_resource(image.registry_id, estate.subscription_id, _REGISTRY):
            yield (*where, "registry_id"), message
    for app in sorted(apps - {image.service for image in security.images}):
        yield (
            ("security", "images"),
            f"has no approved image for {app}; add its digest and where it comes from",
        )
