"""Azure OpenAI: accounts, deployments and quota through `azure-mgmt-cognitiveservices`, and one question to a model."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from shared.errors import AzureCallFailed
from shared.gateways.connection import Connection, calling, missing, reading, text
from shared.gateways.operations import Operation, start
from shared.gateways.resource_id import parts
from shared.importing import IMPORTING
from shared.model.estate import ModelDeployment

SCOPE = "https://cognitiveservices.azure.com/.default"
API_VERSION = "2024-10-21"
MADE_BY = ("made-by", "foundry-ops")
"""The tag of what a recovery has deployed: only that is taken away again afterwards."""


@dataclass(frozen=True)
class Deployed:
    """A deployment that an account has; `capacity` in thousands of tokens per minute."""

    name: str
    model: str
    version: str
    sku: str
    capacity: int
    state: str
    ours: bool

    @property
    def busy(self) -> bool:
        """Whether an operation is at work on it."""
        return self.state.lower() not in {"succeeded", "failed", "canceled"}


@dataclass(frozen=True)
class Room:
    """How many thousands of tokens per minute a region leaves for a model; None where it has no such model."""

    quota: float | None
    capacity: float | None

    @property
    def left(self) -> float | None:
        """What could be deployed now."""
        known = [value for value in (self.quota, self.capacity) if value is not None]
        return min(known) if known and self.capacity is not None else None


@dataclass(frozen=True)
class OpenAiAccounts:
    """Roles: Cognitive Services Contributor, Cognitive Services Usages Reader, Cognitive Services OpenAI User."""

    connection: Connection

    @cached_property
    def _client(self) -> Any:  # noqa: ANN401 - generated client without useful types
        with IMPORTING:
            from azure.mgmt.cognitiveservices import CognitiveServicesManagementClient  # noqa: PLC0415

        link = self.connection
        return CognitiveServicesManagementClient(link.credential, link.subscription_id, **link.client_options)

    @cached_property
    def _data(self) -> Any:  # noqa: ANN401 - azure-core's pipeline
        with IMPORTING:
            from azure.core import PipelineClient  # noqa: PLC0415
            from azure.core.pipeline.policies import (  # noqa: PLC0415
                BearerTokenCredentialPolicy,
                ContentDecodePolicy,
                RequestIdPolicy,
                UserAgentPolicy,
            )

        return PipelineClient(
            base_url="https://openai.azure.com",
            policies=[
                RequestIdPolicy(),
                UserAgentPolicy(sdk_moniker="foundry-ops"),
                ContentDecodePolicy(),
                BearerTokenCredentialPolicy(self.connection.credential, SCOPE),
            ],
            transport=self.connection.transport,
        )

    def endpoint(self, resource_id: str) -> str | None:
        """The address of an account's models, without a slash at its end; None when there is no account."""
        where = parts(resource_id)
        try:
            with calling("get Azure OpenAI account", resource_id):
                found = self._client.accounts.get(where.group, where.name)
        except AzureCallFailed as error:
            if missing(error):
                return None
            raise
        return str(found.properties.endpoint).rstrip("/")

    def deployments(self, resource_id: str) -> tuple[Deployed, ...]:
        """All deployments of an account."""
        return self.connection.look("openai deployments", resource_id, lambda: self._deployments(resource_id))

    def _deployments(self, resource_id: str) -> tuple[Deployed, ...]:
        where = parts(resource_id)
        with calling("list model deployments", resource_id):
            rows = list(self._client.deployments.list(where.group, where.name))
        return tuple(
            Deployed(
                name=str(row.name),
                model=str(row.properties.model.name),
                version=str(row.properties.model.version),
                sku=text(row.sku.name),
                capacity=int(row.sku.capacity or 0),
                state=text(row.properties.provisioning_state),
                ours=(row.tags or {}).get(MADE_BY[0]) == MADE_BY[1],
            )
            for row in rows
        )

    def room(self, region: str, wanted: ModelDeployment) -> Room:
        """What quota and machines of a region leave for a model."""
        where = f"/locations/{region}"
        quota: float | None = None
        with calling("list usages of Azure OpenAI", where):
            for usage in self._client.usages.list(region):
                if str(usage.name.value).lower() == f"openai.{wanted.sku}.{wanted.model}".lower():
                    quota = float(usage.limit or 0) - float(usage.current_value or 0)
        with calling("list model capacities", where):
            rows = list(
                self._client.location_based_model_capacities.list(
                    region, "OpenAI", wanted.model, wanted.version
                )
            )
        capacities = [
            float(row.properties.available_capacity or 0)
            for row in rows
            if text(row.properties.sku_name).lower() == wanted.sku.lower()
        ]
        return Room(quota=quota, capacity=max(capacities, default=None))

    def deploy(self, resource_id: str, wanted: ModelDeployment, *, ours: bool) -> Operation | None:
        """Create or change one deployment; an account takes one after another (409 meanwhile).

        `ours` marks what was not there before, so that it can be told apart afterwards.
        """
        where = parts(resource_id)
        body: dict[str, Any] = {
            "sku": {"name": wanted.sku, "capacity": wanted.capacity},
            "properties": {
                "model": {"format": "OpenAI", "name": wanted.model, "version": wanted.version},
                "versionUpgradeOption": "NoAutoUpgrade",
            },
            "tags": dict([MADE_BY]) if ours else {},
        }
        made = Deployed(
            wanted.name, wanted.model, wanted.version, wanted.sku, wanted.capacity, "Succeeded", ours
        )
        self.connection.expect("openai deployments", resource_id, lambda seen: _having(seen, made))
        self.connection.expect("openai answer", f"{resource_id}/{wanted.name}", lambda _seen: "")
        return start(
            "deploy model",
            f"{resource_id}/deployments/{wanted.name}",
            lambda **options: self._client.deployments.begin_create_or_update(
                where.group, where.name, wanted.name, body, **options
            ),
        )

    def remove(self, resource_id: str, name: str) -> Operation | None:
        """Delete a deployment; its quota is free again at once."""
        where = parts(resource_id)
        self.connection.expect(
            "openai deployments",
            resource_id,
            lambda seen: tuple(one for one in seen or () if one.name.lower() != name.lower()),
        )
        return start(
            "remove model deployment",
            f"{resource_id}/deployments/{name}",
            lambda **options: self._client.deployments.begin_delete(where.group, where.name, name, **options),
        )

    def silence(self, resource_id: str, endpoint: str, name: str) -> str:
        """Ask a model for one word: nothing when it answers, else why it does not."""
        return self.connection.look(
            "openai answer", f"{resource_id}/{name}", lambda: self._silence(endpoint, name)
        )

    def _silence(self, endpoint: str, name: str) -> str:
        with IMPORTING:
            from azure.core.rest import HttpRequest  # noqa: PLC0415

        url = f"{endpoint}/openai/deployments/{name}/chat/completions"
        question = {"messages": [{"role": "user", "content": "Are you there?"}], "max_tokens": 1}
        request = HttpRequest("POST", url, params={"api-version": API_VERSION}, json=question)
        try:
            with reading("ask model", url):
                response = self._data.send_request(request)
                response.raise_for_status()
                choices: list[Any] = response.json().get("choices") or []
        except AzureCallFailed as error:
            return f"{error.status or 'no answer'} {error.detail}"
        return "" if choices else "an answer without a choice"


def _having(seen: tuple[Deployed, ...] | None, made: Deployed) -> tuple[Deployed, ...]:
    return (*(one for one in seen or () if one.name.lower() != made.name.lower()), made)
