"""Microsoft's worker runtime: the one place that touches the internals of `azure_functions_runtime`.

The runtime is global to the process, and so is the app that it imports: one host a process.
Pinned to azure-functions-runtime 1.3.0, whose `native_invocation` is not a public interface.
"""

# ruff: noqa: ANN401 - the runtime is untyped, and what it takes and hands out is known only here

import asyncio
import base64
import contextvars
import importlib.metadata
import json
import logging
import os
import sys
import threading
import uuid
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from infra.local.host.errors import AppInvalid, HostError

_log = logging.getLogger(__name__)
_RUNTIME = "1.3.0"
_THREADS = "64"
# What azure-functions-durable registers by itself in every app, for call_http.
BUILT_IN = "BuiltIn__"

_raised: contextvars.ContextVar[list[BaseException] | None] = contextvars.ContextVar("raised", default=None)


@dataclass(frozen=True, slots=True)
class Function:
    """One indexed function: its trigger binding, and every binding, as the runtime describes them."""

    id: str
    name: str
    trigger: Mapping[str, Any]
    bindings: tuple[Mapping[str, Any], ...]

    @property
    def kind(self) -> str:
        return str(self.trigger["type"])


class FunctionFailed(Exception):  # noqa: N818 - named for what happened
    """An app function raised; `error_type`, `message` and `stack` are its exception's."""

    def __init__(self, error_type: str, message: str, stack: str) -> None:
        super().__init__(f"{error_type}: {message}")
        self.error_type = error_type
        self.message = message
        self.stack = stack


def datum(value: object, kind: str | None) -> Any:
    """A value on its way into the runtime."""
    from azure_functions_runtime.bindings.datumdef import Datum  # noqa: PLC0415 - loading it is the slow part of a start

    return Datum(value, kind)


class Worker:
    """The app, imported and indexed, and a thread with an event loop of its own on which it runs.

    The loop is not the one that serves HTTP, so code in the app that blocks does not stall the host.
    """

    def __init__(self, app: Path) -> None:
        self._app = app
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="functions", daemon=True)
        self.client_binding: Callable[[], str] = lambda: "{}"

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def start(self) -> list[Function]:
        """Import and index the app."""
        if not (self._app / "function_app.py").is_file():
            raise AppInvalid(
                f"There is no function_app.py in {self._app}. Choose the app's folder with --app."
            )
        _check_runtime()
        _quieten()
        os.environ.setdefault("PYTHON_THREADPOOL_THREAD_COUNT", _THREADS)
        sys.path.insert(0, str(self._app))
        os.chdir(self._app)
        self._thread.start()
        return self.submit(self._index()).result()

    def stop(self) -> None:
        """Leave the loop; threads that still run app code are daemons of a process that is about to end."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=1)

    def submit[T](self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Run a coroutine on the app's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _index(self) -> list[Function]:
        import azure_functions_runtime as runtime  # noqa: PLC0415 - slow, and global to the process

        runtime.start_threadpool_executor()
        request = SimpleNamespace(
            request=SimpleNamespace(
                worker_init_request=SimpleNamespace(capabilities={}, function_app_directory=str(self._app))
            ),
            properties={"host": "127.0.0.1", "protos": _PROTOS},
        )
        try:
            answer: Any = await runtime.worker_init_request(request)
        except SystemExit as ended:
            raise AppInvalid(
                f"The app in {self._app} ended the process while it was imported ({ended})."
            ) from None
        if answer.result.status != _PROTOS.StatusResult.Success:
            raise AppInvalid(_why_not(self._app, answer.result.exception))
        listed: Any = await runtime.functions_metadata_request(request)
        functions = [_function(each) for each in listed.function_metadata_results or ()]
        if all(each.name.startswith(BUILT_IN) for each in functions):
            raise AppInvalid(
                f"The app in {self._app} registers no function. Decorate some in function_app.py."
            )
        return functions

    async def invoke(self, function: Function, value: Any, metadata: Mapping[str, Any] | None = None) -> Any:
        """Call a function with its trigger's datum, on the app's loop; the datum that it returned, or None.

        Raises `FunctionFailed` when the function does.
        """
        from azure_functions_runtime.native_invocation import invocation_request_native  # noqa: PLC0415 - see above

        inputs = [(function.trigger["name"], value)]
        for binding in function.bindings:
            if binding["type"] == "durableClient":
                inputs.append((binding["name"], datum(self.client_binding(), "string")))
            elif binding is not function.trigger and str(binding.get("direction", "IN")).upper() == "IN":
                inputs.append((binding["name"], datum(None, None)))
        raised: list[BaseException] = []
        _raised.set(raised)
        try:
            answer: Any = await invocation_request_native(
                uuid.uuid4().hex, function.id, inputs, metadata or {}
            )
        except (SystemExit, KeyboardInterrupt) as ended:
            # In Azure this ends a worker process, which starts again; here it must not end the app's loop.
            raise FunctionFailed(
                type(ended).__name__, f"the function ended the process ({ended})", ""
            ) from None
        ok, returned, outputs, text, stack = answer
        if not ok:
            error = raised[0] if raised else None
            raise FunctionFailed(
                type(error).__name__ if error else str(text).partition("(")[0],
                str(error) if error else str(text),
                str(stack),
            )
        if returned is None:
            http_out = {binding["name"] for binding in function.bindings if binding["type"] == "http"}
            returned = next((value for name, value in outputs if name in http_out), None)
        return returned

    async def invoke_encoded(self, function: Function, request: bytes) -> bytes:
        """Call an orchestrator or entity, which speak base64 of protobuf."""
        returned = await self.invoke(function, datum(base64.b64encode(request).decode(), "string"))
        return base64.b64decode(returned.value)


def _check_runtime() -> None:
    """Another version may well lack the internals that are used here, and would fail in the middle of something."""
    try:
        found = importlib.metadata.version("azure-functions-runtime")
    except importlib.metadata.PackageNotFoundError:
        found = "none"
    if found != _RUNTIME:
        raise HostError(
            f"This host needs azure-functions-runtime {_RUNTIME}, and found {found}. Install that version."
        )


def _function(metadata: Any) -> Function:
    bindings = tuple(json.loads(each) for each in metadata.raw_bindings)
    trigger = next((each for each in bindings if str(each["type"]).lower().endswith("trigger")), None)
    if trigger is None:
        raise AppInvalid(f"Function '{metadata.name}' has no trigger. Give it one in function_app.py.")
    return Function(metadata.function_id, metadata.name, trigger, bindings)


def _why_not(app: Path, exception: Any) -> str:
    """One message from the runtime's exception: what, where in the app, and what to do."""
    message = str(exception.message).partition("Please check the requirements.txt")[0].rstrip()
    where = ""
    for line in str(exception.stack_trace).splitlines():
        if line.strip().startswith(f'File "{app}'):
            where = (
                " ("
                + line.strip()
                .removeprefix("File ")
                .replace('"', "")
                .replace(", line ", ":")
                .partition(", in")[0]
                + ")"
            )
    return f"The app in {app} cannot be loaded: {message}{where}. Correct function_app.py or what it imports."


# Why an app does not import is in the result as well; that an app without HTTP has no auth level is no news.
_SAID_BY_OURSELVES = ("Error when indexing function", "Error: %s, %s", "Auth level is not applied")


class _Native(logging.Filter):
    """Takes the exception from the runtime's log record (it hands out only its repr), and drops the record.

    Whoever invoked the function logs it with its name.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if str(record.msg).startswith(_SAID_BY_OURSELVES):
            return False
        if not str(record.msg).startswith("Native invocation failed"):
            return True
        raised = _raised.get()
        if raised is not None and record.exc_info and record.exc_info[1] is not None:
            raised.append(record.exc_info[1])
        return False


def _quieten() -> None:
    logger = logging.getLogger("azure.functions")
    for each in (logger, logging.getLogger()):
        if not any(isinstance(existing, _Native) for existing in each.filters):
            each.addFilter(_Native())
    # Its INFO record while indexing grows with the square of the number of functions.
    logger.setLevel(logging.WARNING)
    # Logs each failing entity operation with its trace, which its caller gets as failure details.
    logging.getLogger("azure.durable_functions").setLevel(logging.ERROR)
    logging.getLogger("durabletask").setLevel(logging.ERROR)


class _Status(SimpleNamespace):
    Success = 1
    Failure = 0


# What the runtime wants of Microsoft's protobuf module while indexing, by duck type.
_PROTOS = SimpleNamespace(
    BindingInfo=type("BindingInfo", (SimpleNamespace,), {"in": 0, "out": 1, "inout": 2, "undefined": 0}),
    StatusResult=_Status,
    RpcException=SimpleNamespace,
    WorkerMetadata=SimpleNamespace,
    WorkerInitResponse=SimpleNamespace,
    FunctionMetadataResponse=SimpleNamespace,
    RpcFunctionMetadata=SimpleNamespace,
    RpcRetryOptions=SimpleNamespace,
)
