"""The gRPC side of the task hub, which the app's durable client talks to; on a free loopback port."""

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import durabletask.internal.orchestrator_service_pb2 as pb
import grpc
from durabletask.internal import orchestrator_service_pb2_grpc as stubs

from infra.local.host import entities, instances, limits, query
from infra.local.host.engine import Engine
from infra.local.host.errors import InstanceExists, InstanceNotFound, MessageTooLarge, NotAllowedNow
from infra.local.host.events import is_finished, seconds
from infra.local.host.instances import Instance

# A thread waits for each client that waits for an orchestration; idle ones cost nothing until then.
_THREADS = 512
_CHUNK_BYTES = 1024 * 1024

_CODES: dict[type[Exception], grpc.StatusCode] = {
    InstanceExists: grpc.StatusCode.ALREADY_EXISTS,
    InstanceNotFound: grpc.StatusCode.NOT_FOUND,
    NotAllowedNow: grpc.StatusCode.FAILED_PRECONDITION,
    MessageTooLarge: grpc.StatusCode.INVALID_ARGUMENT,
    TimeoutError: grpc.StatusCode.DEADLINE_EXCEEDED,
}

type _Context = grpc.ServicerContext


def _value(message: Any, field: str) -> str | None:
    return getattr(message, field).value if message.HasField(field) else None


def _answering[S, R, A](method: Callable[[S, R, _Context], A]) -> Callable[[S, R, _Context], A]:
    """Turn our refusals into gRPC statuses."""

    def answer(self: S, request: R, context: _Context) -> A:
        try:
            return method(self, request, context)
        except tuple(_CODES) as refused:
            context.abort(_CODES[type(refused)], str(refused))

    return answer


class TaskHub(stubs.TaskHubSidecarServiceServicer):
    """What a client may ask. Work items are not handed out here: the host runs them itself."""

    def __init__(self, engine: Engine, check_orchestrator: Callable[[str], None]) -> None:
        self._engine = engine
        self._check_orchestrator = check_orchestrator

    def Hello(self, request: Any, context: _Context) -> Any:  # noqa: N802 - the protocol's names, here and below
        del context
        return request

    @_answering
    def StartInstance(
        self, request: pb.CreateInstanceRequest, context: _Context
    ) -> pb.CreateInstanceResponse:  # noqa: N802
        try:
            self._check_orchestrator(request.name)
        except LookupError as unknown:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(unknown))
        instance_id = request.instanceId or uuid.uuid4().hex
        start(
            self._engine,
            instance_id,
            request.name,
            _value(request, "input"),
            version=_value(request, "version"),
            tags=dict(request.tags),
            start_at=seconds(request.scheduledStartTimestamp)
            if request.HasField("scheduledStartTimestamp")
            else None,
            replace=tuple(request.orchestrationIdReusePolicy.replaceableStatus) or None,
        )
        return pb.CreateInstanceResponse(instanceId=instance_id)

    @_answering
    def GetInstance(self, request: pb.GetInstanceRequest, context: _Context) -> pb.GetInstanceResponse:  # noqa: N802
        del context
        return _found(self._engine.find(request.instanceId), payloads=request.getInputsAndOutputs)

    @_answering
    def WaitForInstanceStart(
        self, request: pb.GetInstanceRequest, context: _Context
    ) -> pb.GetInstanceResponse:  # noqa: N802
        return self._wait(request, context, lambda each: each.status != pb.ORCHESTRATION_STATUS_PENDING)

    @_answering
    def WaitForInstanceCompletion(
        self, request: pb.GetInstanceRequest, context: _Context
    ) -> pb.GetInstanceResponse:  # noqa: N802
        return self._wait(request, context, lambda each: is_finished(each.status))

    def _wait(
        self, request: pb.GetInstanceRequest, context: _Context, until: Callable[[Instance], bool]
    ) -> pb.GetInstanceResponse:
        def on_start(changed: threading.Event) -> None:
            context.add_callback(changed.set)

        instance = self._engine.wait(
            request.instanceId, until, context.time_remaining(), on_start, lambda: not context.is_active()
        )
        return _found(instance, payloads=request.getInputsAndOutputs)

    @_answering
    def RaiseEvent(self, request: pb.RaiseEventRequest, context: _Context) -> pb.RaiseEventResponse:  # noqa: N802
        del context
        self._engine.raise_event(request.instanceId, request.name, _value(request, "input"))
        return pb.RaiseEventResponse()

    @_answering
    def TerminateInstance(self, request: pb.TerminateRequest, context: _Context) -> pb.TerminateResponse:  # noqa: N802
        del context
        self._engine.terminate(request.instanceId, _value(request, "output"), recursive=request.recursive)
        return pb.TerminateResponse()

    @_answering
    def SuspendInstance(self, request: pb.SuspendRequest, context: _Context) -> pb.SuspendResponse:  # noqa: N802
        del context
        self._engine.suspend(request.instanceId, _value(request, "reason"))
        return pb.SuspendResponse()

    @_answering
    def ResumeInstance(self, request: pb.ResumeRequest, context: _Context) -> pb.ResumeResponse:  # noqa: N802
        del context
        self._engine.resume(request.instanceId, _value(request, "reason"))
        return pb.ResumeResponse()

    @_answering
    def RewindInstance(
        self, request: pb.RewindInstanceRequest, context: _Context
    ) -> pb.RewindInstanceResponse:  # noqa: N802
        del context
        self._engine.rewind(request.instanceId, _value(request, "reason"))
        return pb.RewindInstanceResponse()

    @_answering
    def RestartInstance(
        self, request: pb.RestartInstanceRequest, context: _Context
    ) -> pb.RestartInstanceResponse:  # noqa: N802
        del context
        return pb.RestartInstanceResponse(
            instanceId=restart(self._engine, request.instanceId, new_id=request.restartWithNewInstanceId)
        )

    @_answering
    def PurgeInstances(
        self, request: pb.PurgeInstancesRequest, context: _Context
    ) -> pb.PurgeInstancesResponse:  # noqa: N802
        del context
        ids = list(request.instanceBatch.instanceIds) or (
            [request.instanceId] if request.instanceId else None
        )
        if ids is not None:
            count = query.purge_ids(self._engine, ids, recursive=request.recursive)
        else:
            wanted = request.purgeInstanceFilter
            count = query.purge_matching(
                self._engine,
                query.Filter(
                    statuses=tuple(wanted.runtimeStatus),
                    created_from=seconds(wanted.createdTimeFrom)
                    if wanted.HasField("createdTimeFrom")
                    else None,
                    created_to=seconds(wanted.createdTimeTo) if wanted.HasField("createdTimeTo") else None,
                ),
                recursive=request.recursive,
            )
        answer = pb.PurgeInstancesResponse(deletedInstanceCount=count)
        answer.isComplete.value = True
        return answer

    @_answering
    def QueryInstances(
        self, request: pb.QueryInstancesRequest, context: _Context
    ) -> pb.QueryInstancesResponse:  # noqa: N802
        del context
        wanted = request.query
        page, token = query.instances_page(
            self._engine,
            query.Filter(
                statuses=tuple(wanted.runtimeStatus),
                created_from=seconds(wanted.createdTimeFrom) if wanted.HasField("createdTimeFrom") else None,
                created_to=seconds(wanted.createdTimeTo) if wanted.HasField("createdTimeTo") else None,
                prefix=_value(wanted, "instanceIdPrefix") or "",
            ),
            wanted.maxInstanceCount,
            _value(wanted, "continuationToken"),
        )
        answer = pb.QueryInstancesResponse(
            orchestrationState=[state(each, payloads=wanted.fetchInputsAndOutputs) for each in page]
        )
        if token:
            answer.continuationToken.value = token
        return answer

    @_answering
    def ListInstanceIds(
        self, request: pb.ListInstanceIdsRequest, context: _Context
    ) -> pb.ListInstanceIdsResponse:  # noqa: N802
        del context
        ids, token = query.finished_ids(
            self._engine,
            query.Filter(
                statuses=tuple(request.runtimeStatus),
                completed_from=seconds(request.completedTimeFrom)
                if request.HasField("completedTimeFrom")
                else None,
                completed_to=seconds(request.completedTimeTo)
                if request.HasField("completedTimeTo")
                else None,
            ),
            request.pageSize or 100,
            _value(request, "lastInstanceKey"),
        )
        answer = pb.ListInstanceIdsResponse(instanceIds=ids)
        if token:
            answer.lastInstanceKey.value = token
        return answer

    @_answering
    def StreamInstanceHistory(  # noqa: N802
        self, request: pb.StreamInstanceHistoryRequest, context: _Context
    ) -> Iterator[pb.HistoryChunk]:
        del context
        if self._engine.find(request.instanceId) is None:
            raise InstanceNotFound(f"No orchestration has the id '{request.instanceId}'.")
        return _chunks(self._engine.history(request.instanceId))

    @_answering
    def SignalEntity(self, request: pb.SignalEntityRequest, context: _Context) -> pb.SignalEntityResponse:  # noqa: N802
        del context
        encoded = _value(request, "input")
        limits.check(f"The input of operation '{request.name}'", encoded)
        with self._engine.transaction() as tx:
            entities.signal(
                tx,
                request.instanceId,
                request.name,
                encoded,
                entities.due_of(request),
                request.requestId or None,
            )
        return pb.SignalEntityResponse()

    @_answering
    def GetEntity(self, request: pb.GetEntityRequest, context: _Context) -> pb.GetEntityResponse:  # noqa: N802
        del context
        entity = query.entity(self._engine, request.instanceId)
        if entity is None:
            return pb.GetEntityResponse(exists=False)
        return pb.GetEntityResponse(
            exists=True, entity=query.entity_metadata(entity, with_state=request.includeState)
        )

    @_answering
    def QueryEntities(self, request: pb.QueryEntitiesRequest, context: _Context) -> pb.QueryEntitiesResponse:  # noqa: N802
        del context
        wanted = request.query
        page, token = query.entities_page(
            self._engine,
            prefix=_value(wanted, "instanceIdStartsWith") or "",
            modified_from=seconds(wanted.lastModifiedFrom) if wanted.HasField("lastModifiedFrom") else None,
            modified_to=seconds(wanted.lastModifiedTo) if wanted.HasField("lastModifiedTo") else None,
            transient=wanted.includeTransient,
            size=wanted.pageSize.value,
            token=_value(wanted, "continuationToken"),
        )
        answer = pb.QueryEntitiesResponse(
            entities=[query.entity_metadata(each, with_state=wanted.includeState) for each in page]
        )
        if token:
            answer.continuationToken.value = token
        return answer

    @_answering
    def CleanEntityStorage(  # noqa: N802
        self, request: pb.CleanEntityStorageRequest, context: _Context
    ) -> pb.CleanEntityStorageResponse:
        # Empty entities and the locks of ended orchestrations go by themselves; there is never anything to clean.
        del request, context
        return pb.CleanEntityStorageResponse()

    def CreateTaskHub(self, request: Any, context: _Context) -> pb.CreateTaskHubResponse:  # noqa: N802
        del request, context
        return pb.CreateTaskHubResponse()

    def DeleteTaskHub(self, request: Any, context: _Context) -> pb.DeleteTaskHubResponse:  # noqa: N802
        del request, context
        return pb.DeleteTaskHubResponse()


def start(engine: Engine, instance_id: str, name: str, encoded_input: str | None, **options: Any) -> None:
    """Start an orchestration; options as of `instances.create`."""
    limits.check(f"The input of orchestration '{name}'", encoded_input)
    with engine.transaction() as tx:
        instances.create(tx, instance_id, name, encoded_input, **options)


def restart(engine: Engine, instance_id: str, *, new_id: bool) -> str:
    """Start a finished orchestration again with the input it had; the id it now runs under."""
    instance = engine.find(instance_id)
    if instance is None:
        raise InstanceNotFound(f"No orchestration has the id '{instance_id}'.")
    if not instance.finished:
        raise NotAllowedNow(f"Orchestration '{instance_id}' has not ended.")
    target = uuid.uuid4().hex if new_id else instance_id
    start(engine, target, instance.name, instance.input, version=instance.version)
    return target


def state(instance: Instance, *, payloads: bool) -> pb.OrchestrationState:
    """An instance as clients see it."""
    return query.instance_state(instance, payloads=payloads)


def _found(instance: Instance | None, *, payloads: bool) -> pb.GetInstanceResponse:
    if instance is None:
        return pb.GetInstanceResponse(exists=False)
    return pb.GetInstanceResponse(exists=True, orchestrationState=state(instance, payloads=payloads))


def _chunks(events: list[pb.HistoryEvent]) -> Iterator[pb.HistoryChunk]:
    chunk: list[pb.HistoryEvent] = []
    size = 0
    for each in events:
        if chunk and size + each.ByteSize() > _CHUNK_BYTES:
            yield pb.HistoryChunk(events=chunk)
            chunk, size = [], 0
        chunk.append(each)
        size += each.ByteSize()
    yield pb.HistoryChunk(events=chunk)


def serve(hub: TaskHub) -> tuple[grpc.Server, int]:
    """Serve on loopback; the server and its port."""
    server = grpc.server(
        ThreadPoolExecutor(_THREADS, thread_name_prefix="grpc"),
        # Larger than any message may be, so that the engine's clear refusal is what the sender reads.
        options=[("grpc.max_receive_message_length", 64 * 1024 * 1024), ("grpc.so_reuseport", 0)],
    )
    stubs.add_TaskHubSidecarServiceServicer_to_server(hub, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    return server, port
