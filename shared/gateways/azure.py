"""All gateways over one connection, each made when it is first used."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from shared.gateways.account_keys import AccountKeys
from shared.gateways.activity_log import ActivityLog
from shared.gateways.app_changes import AppChanges
from shared.gateways.arm import Arm
from shared.gateways.authorization import Authorization
from shared.gateways.blob_files import BlobFiles
from shared.gateways.blobs import Blobs
from shared.gateways.canaries import Canaries
from shared.gateways.chat import Chat
from shared.gateways.connection import Connection
from shared.gateways.container_app_control import ContainerAppControl
from shared.gateways.container_apps import ContainerApps
from shared.gateways.cosmos import Cosmos
from shared.gateways.cosmos_documents import CosmosDocuments
from shared.gateways.cosmos_restore import CosmosRestore
from shared.gateways.cosmos_roles import CosmosRoles
from shared.gateways.cosmos_throughput import CosmosThroughput
from shared.gateways.costs import Costs
from shared.gateways.data_lake import DataLake
from shared.gateways.defender import Defender
from shared.gateways.deployments import Deployments
from shared.gateways.evidence import EvidenceStore
from shared.gateways.graph import Graph
from shared.gateways.key_vault import KeyVaults
from shared.gateways.logs import Logs
from shared.gateways.machine_learning import MachineLearning
from shared.gateways.mail import Mail
from shared.gateways.metrics import Metrics
from shared.gateways.network import Network
from shared.gateways.openai import OpenAiAccounts
from shared.gateways.operations import Operation, OperationState, state
from shared.gateways.outages import Outages
from shared.gateways.probe import Answered, probe, probe_all
from shared.gateways.redis import Redis
from shared.gateways.registry import Registry
from shared.gateways.replicas import Replicas
from shared.gateways.search import SearchServices
from shared.gateways.secret_values import SecretValues
from shared.gateways.signing_keys import SigningKeys
from shared.gateways.storage_accounts import StorageAccounts
from shared.gateways.storage_restore import StorageRestore
from shared.gateways.tickets import Tickets
from shared.gateways.traffic import Traffic
from shared.model.on_call import OnCall


@dataclass(frozen=True)
class Azure:
    """What an action may use of the outside world."""

    connection: Connection
    mail_endpoint: str
    mail_sender: str
    workspace_id: str | None = None
    escalation: OnCall | None = None

    @cached_property
    def cosmos(self) -> Cosmos:
        return Cosmos(self.connection)

    @cached_property
    def container_apps(self) -> ContainerApps:
        return ContainerApps(self.connection)

    @cached_property
    def deployments(self) -> Deployments:
        return Deployments(self.connection)

    @cached_property
    def search(self) -> SearchServices:
        return SearchServices(self.connection)

    @cached_property
    def storage(self) -> StorageAccounts:
        return StorageAccounts(self.connection)

    @cached_property
    def traffic(self) -> Traffic:
        return Traffic(self.connection)

    @cached_property
    def key_vault(self) -> KeyVaults:
        return KeyVaults(self.connection)

    @cached_property
    def blobs(self) -> Blobs:
        return Blobs(self.connection)

    @cached_property
    def canaries(self) -> Canaries:
        return Canaries(self.connection)

    @cached_property
    def signing_keys(self) -> SigningKeys:
        return SigningKeys(self.connection)

    @cached_property
    def mail(self) -> Mail:
        return Mail(self.connection, self.mail_endpoint, self.mail_sender)

    @cached_property
    def documents(self) -> CosmosDocuments:
        return CosmosDocuments(self.connection)

    # --- what a breach is answered with

    @cached_property
    def network(self) -> Network:
        return Network(self.connection)

    @cached_property
    def authorization(self) -> Authorization:
        return Authorization(self.connection)

    @cached_property
    def graph(self) -> Graph:
        return Graph(self.connection)

    @cached_property
    def account_keys(self) -> AccountKeys:
        return AccountKeys(self.connection)

    @cached_property
    def secret_values(self) -> SecretValues:
        return SecretValues(self.connection)

    @cached_property
    def registry(self) -> Registry:
        return Registry(self.connection)

    @cached_property
    def defender(self) -> Defender:
        return Defender(self.connection)

    @cached_property
    def activity_log(self) -> ActivityLog:
        return ActivityLog(self.connection)

    @cached_property
    def app_changes(self) -> AppChanges:
        return AppChanges(self.connection)

    @cached_property
    def evidence(self) -> EvidenceStore:
        return EvidenceStore(self.connection)

    @cached_property
    def openai(self) -> OpenAiAccounts:
        return OpenAiAccounts(self.connection)

    @cached_property
    def machine_learning(self) -> MachineLearning:
        return MachineLearning(self.connection)

    @cached_property
    def data_lake(self) -> DataLake:
        return DataLake(self.connection)

    @cached_property
    def storage_restore(self) -> StorageRestore:
        return StorageRestore(self.connection)

    @cached_property
    def outages(self) -> Outages:
        return Outages(self.connection)

    def arm(self, version: str) -> Arm:
        """Azure Resource Manager itself, in one API version of one provider."""
        return Arm(self.connection, version)

    # --- what corrupted data is recovered with

    @cached_property
    def cosmos_roles(self) -> CosmosRoles:
        return CosmosRoles(self.connection)

    @cached_property
    def cosmos_restore(self) -> CosmosRestore:
        return CosmosRestore(self.connection)

    @cached_property
    def app_control(self) -> ContainerAppControl:
        return ContainerAppControl(self.connection)

    @cached_property
    def files(self) -> BlobFiles:
        return BlobFiles(self.connection)

    # --- what was measured and logged

    @cached_property
    def metrics(self) -> Metrics:
        return Metrics(self.connection)

    @cached_property
    def logs(self) -> Logs:
        return Logs(self.connection, self.workspace_id)

    @cached_property
    def costs(self) -> Costs:
        return Costs(self.connection)

    # --- whom an incident is told to, besides mail

    @cached_property
    def tickets(self) -> Tickets:
        return Tickets(self.connection, self.escalation)

    @cached_property
    def chat(self) -> Chat:
        return Chat(self.connection, self.escalation)

    # --- what alerts are answered with

    @cached_property
    def replicas(self) -> Replicas:
        return Replicas(self.connection)

    @cached_property
    def throughput(self) -> CosmosThroughput:
        return CosmosThroughput(self.connection)

    @cached_property
    def redis(self) -> Redis:
        return Redis(self.connection)

    def operation(self, operation: Operation) -> OperationState:
        """How a long-running operation is doing."""
        return state(self.connection, operation)

    def probe_all(self, urls: Iterable[str], *, timeout: float = 30.0) -> dict[str, Answered]:
        """One GET of each address, all at once; `timeout` in seconds for each."""
        return probe_all(self.connection, urls, timeout=timeout)

    def probe(self, url: str, *, timeout: float = 30.0, transaction: bool = False) -> Answered:
        """One GET as a tenant would send it; `timeout` in seconds. A `transaction` is not sent in a preview."""
        return probe(self.connection, url, timeout=timeout, transaction=transaction)
