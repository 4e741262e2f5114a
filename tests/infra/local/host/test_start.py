"""Starting, failing to start, and ending."""

import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.infra.local.host.conftest import StartHost, prepare
from tests.infra.local.host.process import APPS, HostProcess, eventually

MINIMAL = """
import azure.functions as func
app = func.FunctionApp()

@app.route("hello", auth_level=func.AuthLevel.ANONYMOUS)
def hello(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse("hello")
"""


def refused(host: HostProcess) -> str:
    """The one message of a host that does not start."""
    ended = subprocess.run(
        host.command(), cwd=host.folder, env=host.env, capture_output=True, text=True, timeout=20, check=False
    )
    assert ended.returncode == 1, ended
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr
    return ended.stderr


def test_a_cold_start_is_quick(start_host: StartHost):
    host = start_host(MINIMAL)
    assert host.client.get("/api/hello").text == "hello"
    assert host.ready == f"Functions host on http://127.0.0.1:{host.port} with 1 functions\n"
    assert host.started_in < 2


def test_many_functions_start_as_quickly(start_host: StartHost):
    source = "import azure.functions as func, azure.durable_functions as df\napp = df.DFApp()\n"
    for each in range(150):
        source += (
            f"@app.activity_trigger(input_name='value')\ndef do_{each}(value: str) -> str: return value\n"
        )
    assert start_host(source).started_in < 3


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("import nothing_of_this_name", ["No module named 'nothing_of_this_name'", "function_app.py:1"]),
        ("def broken(:", ["invalid syntax"]),
        ("import azure.functions as func\napp = func.FunctionApp()", ["registers no function"]),
        ("value = 1", ["Could not find top level function app instances"]),
        ("raise SystemExit(2)", ["ended the process"]),
        (
            MINIMAL + MINIMAL.replace("import azure.functions as func\napp = func.FunctionApp()\n", ""),
            ["unique"],
        ),
        (MINIMAL.replace('"hello"', '"he{llo"', 1), ["'hello'", "Correct its route"]),
        (MINIMAL.replace('"hello"', '"{id:nonsense}"', 1), ["'nonsense'", "Correct its route"]),
        (
            MINIMAL
            + "\n@app.timer_trigger('t', schedule='never')\ndef t(t: func.TimerRequest) -> None: ...\n",
            ["Timer 't'", "NCRONTAB"],
        ),
        (
            MINIMAL
            + "\n@app.timer_trigger('t', schedule='%NOT_SET%')\ndef t(t: func.TimerRequest) -> None: ...\n",
            ["'NOT_SET' is not set"],
        ),
    ],
)
def test_an_app_that_cannot_be_served_is_refused_with_the_reason(
    tmp_path: Path, source: str, says: list[str]
):
    message = refused(prepare(source, tmp_path))
    assert all(each in message for each in says), message


def test_a_folder_without_an_app_is_refused(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    assert "There is no function_app.py" in refused(HostProcess(tmp_path / "empty", tmp_path))


def test_a_host_json_that_is_no_json_is_refused(tmp_path: Path):
    host = prepare(MINIMAL, tmp_path)
    (host.app / "host.json").write_text("{")
    assert "host.json is not valid JSON" in refused(host)


def test_a_port_in_use_is_refused(tmp_path: Path):
    host = prepare(MINIMAL, tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        host.port = taken.getsockname()[1]
        assert f"Port {host.port} is in use" in refused(host)


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"this is no database" * 100, "is damaged"), (b"SQLite format 3\x00" + b"\xff" * 4096, "is damaged")],
)
def test_a_damaged_state_file_is_refused(tmp_path: Path, content: bytes, says: str):
    host = prepare(MINIMAL, tmp_path)
    host.state.write_bytes(content)
    assert says in refused(host)
    assert host.state.read_bytes() == content


def test_a_state_file_that_broke_in_the_middle_is_refused(tmp_path: Path):
    host = HostProcess(APPS / "durable", tmp_path).start()
    for each in range(40):
        host.launch("wait_for", "go" * 200, instance_id=f"one-{each}")
    assert host.end() == 0
    content = bytearray(host.state.read_bytes())
    content[8192:-4096] = b"\x55" * (len(content) - 12288)
    host.state.write_bytes(content)
    assert "is damaged" in refused(host)


def test_another_programs_database_is_refused_and_left_alone(tmp_path: Path):
    import sqlite3

    host = prepare(MINIMAL, tmp_path)
    db = sqlite3.connect(host.state)
    db.execute("CREATE TABLE theirs (value)")
    db.commit()
    db.close()
    before = host.state.read_bytes()
    assert "is not a state file of this host" in refused(host)
    assert host.state.read_bytes() == before


def test_a_second_host_on_the_same_state_is_refused(start_host: StartHost, tmp_path: Path):
    first = start_host(MINIMAL)
    assert first.process is not None
    second = HostProcess(first.app, tmp_path)
    message = refused(second)
    assert "is in use by another host" in message
    assert str(first.process.pid) in message
    assert first.client.get("/api/hello").text == "hello"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once_and_cleanly_while_activities_run(start_host: StartHost, how: signal.Signals):
    host = start_host(APPS / "durable")
    one = host.launch("run_slow", {"mark": "long", "seconds": 30})
    eventually(lambda: host.marks("long"), lambda count: count == 1)
    began = time.monotonic()
    assert host.end(how) == 0
    assert time.monotonic() - began < 2
    assert "Traceback" not in host.log.read_text()
    host.start()
    eventually(lambda: host.marks("long"), lambda count: count == 2)
    assert host.status(one)["runtimeStatus"] == "Running"


def test_the_state_file_has_its_default_in_the_apps_folder(tmp_path: Path):
    host = prepare(MINIMAL, tmp_path)
    command = host.command()[:-2]
    host.command = lambda: command  # type: ignore[method-assign]
    host.start()
    assert (host.app / ".local" / "host.db").is_file()
    host.end()
