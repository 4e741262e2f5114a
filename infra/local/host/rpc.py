"""The gRPC side of the task hub, which the app's durable client talks to; on a free loopback port."""

# ruff: noqa: N802 - the methods are named by the protocol
import functools
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import durabletask.internal.orchestrator_service_pb2 as pb
import grpc
from durabletask.internal import orchestrator_service_pb2_grpc as stubs
from google.protobuf import empty_pb2
from google.protobuf.message import Message

from infra.local.host import entities, operations, query
from infra.local.host.engine import Engine
from infra.local.host.errors import (
    IdInvalid,
    InstanceExists,
    InstanceNotFound,
    MessageTooLarge,
    NotAllowedNow,
)
from infra.local.host.events import is_finished, seconds
from infra.local.host.instances import Instance

# A thread waits for each client that waits for an orchestration; idle ones cost nothing until then.
_THREADS = 512
_CHUNK_BYTES = 1024 * 1024

_CODES: dict[type[Exception], grpc.StatusCode] = {
    InstanceExists: grpc.StatusCode.ALREADY_EXISTS,
    InstanceNotFound: grpc.StatusCode.NOT_FOUND,
    NotAllowedNow: grpc.StatusCode.FAILED_PRECONDITION,
    IdInvalid: grpc.StatusCode.INVALID_ARGUMENT,
    MessageTooLarge: grpc.StatusCode.INVALID_ARGUMENT,
    TimeoutError: grpc.StatusCode.DEADLINE_EXCEEDED,
}

_Context = grpc.ServicerContext


def _value(message: Message, field: str) -> str | None:
    return getattr(message, field).value if message.HasField(field) else None


def _answering[**P, A](method: Callable[P, A]) -> Callable[P, A]:
    """Turn our refusals into gRPC statuses; gRPC passes the context last."""

    @functools.wraps(method)
    def answer(*args: P.args, **kwargs: P.kwargs) -> A:
        try:
            return method(*args, **kwargs)
        except tuple(_CODES) as refused:
            context: Any = args[-1]
            context.abort(_CODES[type(refused)], str(refused))
            raise  # abort has raised already

    return answer


class TaskHub(stubs.TaskHubSidecarServiceServicer):
    """What a client may ask. Work items are not handed out here: the host runs them itself."""

    def __init__(self, engine: Engine, check_orchestrator: Callable[[str], None]) -> None:
        self._engine = engine
        self._check_orchestrator = check_orchestrator

    def Hello(self, request: empty_pb2.Empty, context: _Context) -> empty_pb2.Empty:
        del context
        return request

    @_answering
    def StartInstance(
        self, request: pb.CreateInstanceRequest, context: _Context
    ) -> pb.CreateInstanceResponse:
        try:
            self._check_orchestrator(request.name)
        except LookupError as unknown:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(unknown))
        instance_id = request.instanceId or uuid.uuid4().hex
        operations.start(
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
    def GetInstance(self, request: pb.GetInstanceRequest, context: _Context) -> pb.GetInstanceResponse:
        del context
        return _found(self._engine.find(request.instanceId), payloads=request.getInputsAndOutputs)

    @_answering
    def WaitForInstanceStart(
        self, request: pb.GetInstanceRequest, context: _Context
    ) -> pb.GetInstanceResponse:
        return self._wait(request, context, lambda each: each.status != pb.ORCHESTRATION_STATUS_PENDING)

    @_answering
    def WaitForInstanceCompletion(
        self, request: pb.GetInstanceRequest, context: _Context
    ) -> pb.GetInstanceResponse:
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
    def RaiseEvent(self, request: pb.RaiseEventRequest, context: _Context) -> pb.RaiseEventResponse:
        del context
        operations.raise_event(self._engine, request.instanceId, request.name, _value(request, "input"))
        return pb.RaiseEventResponse()

    @_answering
    def TerminateInstance(self, request: pb.TerminateRequest, context: _Context) -> pb.TerminateResponse:
        del context
        operations.terminate(
            self._engine, request.instanceId, _value(request, "output"), recursive=request.recursive
        )
        return pb.TerminateResponse()

    @_answering
    def SuspendInstance(self, request: pb.SuspendRequest, context: _Context) -> pb.SuspendResponse:
        del context
        operations.suspend(self._engine, request.instanceId, _value(request, "reason"))
        return pb.SuspendResponse()

    @_answering
    def ResumeInstance(self, request: pb.ResumeRequest, context: _Context) -> pb.ResumeResponse:
        del context
        operations.resume(self._engine, request.instanceId, _value(request, "reason"))
        return pb.ResumeResponse()

    @_answering
    def RewindInstance(
        self, request: pb.RewindInstanceRequest, context: _Context
    ) -> pb.RewindInstanceResponse:
        del context
        operations.rewind(self._engine, request.instanceId, _value(request, "reason"))
        return pb.RewindInstanceResponse()

    @_answering
    def RestartInstance(
        self, request: pb.RestartInstanceRequest, context: _Context
    ) -> pb.RestartInstanceResponse:
        del context
        return pb.RestartInstanceResponse(
            instanceId=operations.restart(
                self._engine, request.instanceId, new_id=request.restartWithNewInstanceId
            )
        )

    @_answering
    def PurgeInstances(
        self, request: pb.PurgeInstancesRequest, context: _Context
    ) -> pb.PurgeInstancesResponse:
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
    ) -> pb.QueryInstancesResponse:
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
            orchestrationState=[
                query.instance_state(each, payloads=wanted.fetchInputsAndOutputs) for each in page
            ]
        )
        if token:
            answer.continuationToken.value = token
        return answer

    @_answering
    def ListInstanceIds(
        self, request: pb.ListInstanceIdsRequest, context: _Context
    ) -> pb.ListInstanceIdsResponse:
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
    def StreamInstanceHistory(
        self, request: pb.StreamInstanceHistoryRequest, context: _Context
    ) -> Iterator[pb.HistoryChunk]:
        del context
        if self._engine.find(request.instanceId) is None:
            raise InstanceNotFound(f"No orchestration has the id '{request.instanceId}'.")
        return _chunks(self._engine.history(request.instanceId))

    @_answering
    def SignalEntity(self, request: pb.SignalEntityRequest, context: _Context) -> pb.SignalEntityResponse:
        del context
        operations.signal(
            self._engine,
            request.instanceId,
            request.name,
            _value(request, "input"),
            due=entities.due_of(request),
            request_id=request.requestId or None,
        )
        return pb.SignalEntityResponse()

    @_answering
    def GetEntity(self, request: pb.GetEntityRequest, context: _Context) -> pb.GetEntityResponse:
        del context
        entity = query.entity(self._engine, request.instanceId)
        if entity is None:
            return pb.GetEntityResponse(exists=False)
        return pb.GetEntityResponse(
            exists=True, entity=query.entity_metadata(entity, with_state=request.includeState)
        )

    @_answering
    def QueryEntities(self, request: pb.QueryEntitiesRequest, context: _Context) -> pb.QueryEntitiesResponse:
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
    def CleanEntityStorage(
        self, request: pb.CleanEntityStorageRequest, context: _Context
    ) -> pb.CleanEntityStorageResponse:
        # Empty entities and the locks of ended orchestrations go by themselves.
        del request, context
        return pb.CleanEntityStorageResponse()

    def CreateTaskHub(self, request: pb.CreateTaskHubRequest, context: _Context) -> pb.CreateTaskHubResponse:
        del request, context
        return pb.CreateTaskHubResponse()

    def DeleteTaskHub(self, request: pb.DeleteTaskHubRequest, context: _Context) -> pb.DeleteTaskHubResponse:
        del request, context
        return pb.DeleteTaskHubResponse()


def _found(instance: Instance | None, *, payloads: bool) -> pb.GetInstanceResponse:
    if instance is None:
        return pb.GetInstanceResponse(exists=False)
    return pb.GetInstanceResponse(
        exists=True, orchestrationState=query.instance_state(instance, payloads=payloads)
    )


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
