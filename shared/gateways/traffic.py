"""How tenants are led to a region: Traffic Manager endpoints, the DNS record before them, and what resolvers say."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from shared.errors import AzureCallFailed
from shared.gateways.connection import Connection, asking, calling, text, writing
from shared.gateways.resource_id import parts
from shared.importing import IMPORTING
from shared.model.wire import Frozen


@dataclass(frozen=True)
class Endpoint:
    """One endpoint of a profile; priority 1 is asked first."""

    name: str
    kind: str
    target: str
    enabled: bool
    priority: int
    monitor: str


@dataclass(frozen=True)
class Profile:
    """A Traffic Manager profile with priority routing."""

    resource_id: str
    fqdn: str
    ttl: int
    endpoints: tuple[Endpoint, ...]

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint of that name; KeyError when the profile has none."""
        for endpoint in self.endpoints:
            if endpoint.name == name:
                return endpoint
        raise KeyError(name)

    def having(self, changed: Endpoint) -> "Profile":
        """The profile with this endpoint in place of the one of its name."""
        others = (changed if one.name == changed.name else one for one in self.endpoints)
        return replace(self, endpoints=tuple(others))


class Answer(Frozen):
    """What a resolver says a name leads to, through all of its CNAMEs, and for how many seconds it keeps that."""

    resolver: str
    targets: tuple[str, ...]
    ttl: int

    @property
    def target(self) -> str:
        """The last of the CNAMEs, or nothing."""
        return self.targets[-1] if self.targets else ""


@dataclass(frozen=True)
class Traffic:
    """Roles: Traffic Manager Contributor, DNS Zone Contributor."""

    connection: Connection

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401 - generated client without useful types
        with IMPORTING:
            from azure.mgmt.trafficmanager import TrafficManagerManagementClient  # noqa: PLC0415

        link = self.connection
        return TrafficManagerManagementClient(link.credential, link.subscription_id, **link.client_options)

    @cached_property
    def _dns(self) -> Any:  # noqa: ANN401 - generated client without useful types
        with IMPORTING:
            from azure.mgmt.dns import DnsManagementClient  # noqa: PLC0415

        link = self.connection
        return DnsManagementClient(link.credential, link.subscription_id, **link.client_options)

    def profile(self, resource_id: str) -> Profile:
        """The profile with all its endpoints."""
        return self.connection.look("traffic profile", resource_id, lambda: self._profile(resource_id))

    def _profile(self, resource_id: str) -> Profile:
        where = parts(resource_id)
        with calling("get Traffic Manager profile", resource_id):
            found = self._client.profiles.get(where.group, where.name)
        return Profile(
            resource_id=resource_id,
            fqdn=str(found.dns_config.fqdn),
            ttl=int(found.dns_config.ttl),
            endpoints=tuple(
                Endpoint(
                    name=str(endpoint.name),
                    kind=text(endpoint.type).rsplit("/", 1)[-1],
                    target=str(endpoint.target or ""),
                    enabled=text(endpoint.endpoint_status).lower() == "enabled",
                    priority=int(endpoint.priority or 0),
                    monitor=text(endpoint.endpoint_monitor_status),
                )
                for endpoint in found.endpoints or []
            ),
        )

    def set_endpoint(
        self, profile: Profile, endpoint: Endpoint, *, enabled: bool, target: str | None = None
    ) -> None:
        """Switch an endpoint on or off, and say where it leads. No long-running operation."""
        where = parts(profile.resource_id)
        properties: dict[str, Any] = {"endpointStatus": "Enabled" if enabled else "Disabled"}
        if target is not None:
            properties["target"] = target
        changed = replace(endpoint, enabled=enabled, target=target or endpoint.target)
        self.connection.expect("traffic profile", profile.resource_id, lambda seen: seen.having(changed))
        with writing("update Traffic Manager endpoint", f"{profile.resource_id}/{endpoint.name}"):
            self._client.endpoints.update(
                where.group, where.name, endpoint.kind, endpoint.name, {"properties": properties}
            )

    def cname(self, zone_id: str, dns_name: str) -> tuple[str, int]:
        """Where the zone's own record leads, and its TTL in seconds."""
        where = parts(zone_id)
        record = dns_name.removesuffix("." + where.name)
        with calling("get DNS record", f"{zone_id}/CNAME/{record}"):
            found = self._dns.record_sets.get(where.group, where.name, record, "CNAME")
        return str(found.cname_record.cname).rstrip("."), int(found.ttl)

    def resolve(self, resolver: str, dns_name: str) -> Answer:
        """Ask a public resolver over HTTPS (DNS JSON API), as a tenant's resolver would."""
        with asking("resolve " + dns_name, resolver):
            response = self.connection.http.get(
                resolver, params={"name": dns_name, "type": "A"}, headers={"accept": "application/dns-json"}
            )
            response.raise_for_status()
        try:
            answers: list[dict[str, Any]] = response.json().get("Answer") or []
        except (ValueError, AttributeError) as error:
            raise AzureCallFailed(
                f"resolve {dns_name}", resolver, response.status_code, "no DNS JSON", retryable=True
            ) from error
        names = [entry for entry in answers if entry.get("type") == 5]
        return Answer(
            resolver=resolver,
            targets=tuple(str(entry["data"]).rstrip(".").lower() for entry in names),
            ttl=max((int(entry.get("TTL", 0)) for entry in names), default=0),
        )
