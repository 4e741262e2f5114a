"""HTTP triggers as a client sees them."""

import base64
import gzip
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.infra.local.host.conftest import StartHost
from tests.infra.local.host.process import APPS, MASTER, ROOT, HostProcess, eventually


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProcess]:
    host = HostProcess(APPS / "web", tmp_path_factory.mktemp("web"), {"SHADOWED": "from the process"}).start()
    yield host
    host.end()


def test_a_request_arrives_whole(web: HostProcess):
    answer = web.client.post(
        "/v1/ECHO/a%20b/c?q=1&q=2&r=%C3%A9",
        content=b"\x00\xff",
        headers={"X-Custom": "yes", "X-MS-CLIENT-PRINCIPAL": "forged"},
    )
    seen = answer.json()
    assert seen["method"] == "POST"
    assert seen["url"] == f"http://127.0.0.1:{web.port}/v1/ECHO/a%20b/c?q=1&q=2&r=%C3%A9"
    assert seen["params"] == {"q": "1,2", "r": "é"}
    assert seen["route"] == {"rest": "a b/c"}
    assert seen["body"] == "\x00\xff"
    assert seen["headers"]["x-custom"] == "yes"
    assert not [name for name in seen["headers"] if name.lower().startswith("x-ms-")]


def test_a_compressed_body_is_not_touched(web: HostProcess):
    packed = gzip.compress(b"hello" * 100)
    seen = web.client.post("/v1/echo/", content=packed, headers={"content-encoding": "gzip"}).json()
    assert seen["body"].encode("latin-1") == packed
    assert seen["headers"]["content-encoding"] == "gzip"


def test_a_response_leaves_unchanged(web: HostProcess):
    body = bytes(range(256)) * 5000
    answer = web.client.post("/v1/binary", content=body)
    assert answer.status_code == 418
    assert answer.content == body[::-1]
    assert answer.headers["x-one"] == "1"
    assert answer.headers["content-type"] == "image/x-nothing"
    assert answer.headers["set-cookie"] == "a=b; HttpOnly; Path=/"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("items/7", ["number", {"id": "7"}]),
        ("items/seven", ["name", {"name": "seven"}]),
        ("Items/Latest", ["latest", {}]),
        ("optional", {}),
        ("optional/x", {"id": "x"}),
        ("echo", None),
    ],
)
def test_the_most_particular_route_wins(web: HostProcess, path: str, expected: object):
    answer = web.client.get(f"/v1/{path}")
    assert answer.status_code == 200
    assert expected is None or answer.json() == expected


def test_typed_parameters_refuse_what_they_are_not(web: HostProcess):
    one = str(uuid.uuid4())
    assert web.client.get(f"/v1/guid/{one}").json() == {"id": one}
    assert web.client.get("/v1/guid/none").status_code == 404
    assert web.client.get("/v1/items/7a").status_code == 404


def test_unknown_paths_and_methods(web: HostProcess):
    assert web.client.get("/v1/nothing").status_code == 404
    assert web.client.get("/api/items/7").status_code == 404
    assert web.client.get("/v1items/7").status_code == 404
    answer = web.client.post("/v1/items/7")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "DELETE, GET"
    assert web.client.delete("/v1/items/7").status_code == 204


def test_head_is_answered_like_get_without_a_body(web: HostProcess):
    answer = web.client.head("/v1/items/7")
    assert answer.status_code == 200
    assert answer.content == b""


def test_a_function_without_a_route_has_its_name(web: HostProcess):
    answer = web.client.get("/v1/byitsname")
    assert answer.text == "plain text"
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(
    ("path", "headers", "params", "status"),
    [
        ("needs-key", {}, {}, 401),
        ("needs-key", {"x-functions-key": "wrong"}, {}, 401),
        ("needs-key", {"x-functions-key": "local"}, {}, 200),
        ("needs-key", {}, {"code": "local"}, 200),
        ("needs-key", MASTER, {}, 200),
        ("needs-key", {"x-functions-key": "local-durable"}, {}, 401),
        ("needs-master", {"x-functions-key": "local"}, {}, 401),
        ("needs-master", MASTER, {}, 200),
    ],
)
def test_keys_are_asked_for(
    web: HostProcess, path: str, headers: dict[str, str], params: dict[str, str], status: int
):
    assert web.client.get(f"/v1/{path}", headers=headers, params=params).status_code == status


def test_a_failing_function_answers_500_and_tells_only_the_terminal(web: HostProcess):
    answer = web.client.get("/v1/fails")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    log = web.log.read_text()
    assert "Function 'fails' failed" in log
    assert "RuntimeError: a secret detail" in log
    assert "function_app.py" in log


def test_a_function_that_exits_does_not_take_the_host_with_it(web: HostProcess):
    assert web.client.get("/v1/exits").status_code == 500
    assert web.client.get("/v1/items/7").status_code == 200


def test_settings_come_from_the_file_unless_the_process_has_them(web: HostProcess):
    assert web.client.get("/v1/settings").json() == {
        "GREETING": "from the file",
        "SHADOWED": "from the process",
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "WEBSITE_AUTH_ENABLED": "false",
        "GIVEN": None,
    }


def test_admin_asks_for_the_master_key_and_lists_functions(web: HostProcess):
    assert web.client.get("/admin/functions").status_code == 401
    assert web.client.get("/admin/functions", headers={"x-functions-key": "local"}).status_code == 401
    listed = {each["name"]: each for each in web.client.get("/admin/functions", headers=MASTER).json()}
    assert len(listed) == int(web.ready.split()[-2])
    assert (
        listed["item_by_number"]["invoke_url_template"] == f"http://127.0.0.1:{web.port}/v1/items/{{id:int}}"
    )
    assert listed["yearly"]["config"]["bindings"][0]["schedule"] == "0 0 4 1 1 *"
    assert web.client.get("/admin/host/status", headers=MASTER).json()["state"] == "Running"


def test_a_disabled_function_does_not_run(start_host: StartHost):
    host = start_host(
        APPS / "web", {"AzureWebJobs.no_such.Disabled": "true", "AzureWebJobs.on_startup.Disabled": "1"}
    )
    shown = {
        each["name"]: each["isDisabled"]
        for each in host.client.get("/admin/functions", headers=MASTER).json()
    }
    assert [name for name, disabled in shown.items() if disabled] == ["on_startup"]
    assert host.client.post("/admin/functions/on_startup", headers=MASTER, json={}).status_code == 404
    eventually(lambda: host.marks("by_span"), bool)
    assert host.marks("on_startup") == 0


def test_admin_runs_a_function_now(web: HostProcess):
    assert web.client.post("/admin/functions/yearly").status_code == 401
    assert web.client.post("/admin/functions/none", headers=MASTER, json={}).status_code == 404
    assert web.client.post("/admin/functions/yearly", headers=MASTER, json={}).status_code == 202
    eventually(lambda: web.marks("yearly") > 0, bool)
    given = {"input": "a message"}
    assert web.client.post("/admin/functions/from_queue", headers=MASTER, json=given).status_code == 202
    eventually((web.folder / "from_queue").exists, bool)
    assert (web.folder / "from_queue").read_text() == "a message"


EMBEDDING = """
import sys
from pathlib import Path
from aiohttp import web
from infra.local.host.host import LocalHost, run
from infra.local.host.keys import Keys

async def simulated(request):
    return web.json_response({"path": request.path, "body": (await request.read()).decode()})

def principal(mail):
    if mail != "alice@contoso.com":
        return None
    return {"auth_typ": "aad", "claims": [{"typ": "preferred_username", "val": mail}, {"typ": "roles", "val": "Operator"},
        {"typ": "http://schemas.microsoft.com/identity/claims/objectidentifier", "val": "1234"}]}

host = LocalHost(app=Path(sys.argv[1]), port=0, state=Path(sys.argv[2]), settings={"GIVEN": "by the embedding"},
    principals=principal, mounts={"/_sim": simulated}, keys=Keys(function="another"))
run(host, lambda: print("Functions host on " + host.url + " with it", flush=True))
"""


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProcess]:
    """A host started through the embedding interface, with an identity provider and a mount."""

    class Embedding(HostProcess):
        def command(self) -> list[str]:
            return [sys.executable, "-c", EMBEDDING, str(self.app), str(self.state)]

    host = Embedding(APPS / "web", tmp_path_factory.mktemp("embedded")).start()
    yield host
    host.end()


def test_a_local_user_becomes_the_platforms_principal(embedded: HostProcess):
    forged = {
        "X-Local-User": "alice@contoso.com",
        "X-MS-Client-Principal-Id": "forged",
        "x-ms-anything": "forged",
    }
    headers = embedded.client.get("/v1/echo/", headers=forged).json()["headers"]
    principal = json.loads(base64.b64decode(headers["x-ms-client-principal"]))
    assert {"typ": "roles", "val": "Operator"} in principal["claims"]
    assert headers["x-ms-client-principal-id"] == "1234"
    assert headers["x-ms-client-principal-name"] == "alice@contoso.com"
    assert "x-local-user" not in headers
    assert "x-ms-anything" not in headers


def test_nobody_is_signed_in_without_the_header(embedded: HostProcess):
    headers = embedded.client.get("/v1/echo/", headers={"X-MS-CLIENT-PRINCIPAL": "forged"}).json()["headers"]
    assert not [name for name in headers if name.startswith("x-ms-")]


def test_an_unknown_user_is_told_which_header_is_wrong(embedded: HostProcess):
    answer = embedded.client.get("/v1/echo/", headers={"X-Local-User": "mallory@contoso.com"})
    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert "X-Local-User" in answer.json()["detail"]


def test_the_embedding_decides_settings_keys_and_mounts(embedded: HostProcess):
    settings = embedded.client.get("/v1/settings").json()
    assert settings["GIVEN"] == "by the embedding"
    assert settings["WEBSITE_AUTH_ENABLED"] == "true"
    assert embedded.client.get("/v1/needs-key", headers={"x-functions-key": "local"}).status_code == 401
    assert embedded.client.get("/v1/needs-key", headers={"x-functions-key": "another"}).status_code == 200
    answer = embedded.client.post("/_sim/world", content="hello")
    assert answer.json() == {"path": "/_sim/world", "body": "hello"}
    assert embedded.client.get("/_simulated").status_code == 404


def test_only_one_host_a_process_and_only_on_loopback(tmp_path_factory: pytest.TempPathFactory):
    program = f"""
import asyncio
from pathlib import Path
from infra.local.host.errors import HostError
from infra.local.host.host import LocalHost
async def main():
    host = LocalHost(Path({str(APPS / "durable")!r}), 0, Path("one.db"))
    await host.start()
    await host.stop()
    for make in (lambda: LocalHost(Path("."), 0, Path("two.db")), lambda: LocalHost(Path("."), 0, Path("x"), address="0.0.0.0")):
        try:
            await make().start()
        except HostError as error:
            print(error)
asyncio.run(main())
"""
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path_factory.mktemp("two"),
        env={"PYTHONPATH": str(ROOT)},
        text=True,
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert "One process can run one Functions host." in ended.stdout, ended.stderr
    assert "127.0.0.1 only, not on 0.0.0.0" in ended.stdout


def test_slow_functions_run_side_by_side(web: HostProcess):
    from concurrent.futures import ThreadPoolExecutor

    began = time.monotonic()
    with ThreadPoolExecutor(20) as pool:
        urls = [f"{web.client.base_url}/v1/slow-sync/1"] * 20
        assert {each.text for each in pool.map(httpx.get, urls)} == {'"slept"'}
    assert time.monotonic() - began < 3


def test_everything_listens_on_loopback_only(web: HostProcess):
    assert web.process is not None
    own = {str(each.readlink()) for each in _open_files(web.process.pid)}
    listening: list[str] = []
    for table in ("tcp", "tcp6"):
        with Path(f"/proc/net/{table}").open() as file:
            for line in file.readlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and f"socket:[{fields[9]}]" in own:
                    listening.append(fields[1].split(":")[0])
    assert len(listening) == 2  # HTTP, and the durable client's gRPC
    # 127.0.0.1, which gRPC writes as an IPv6 address
    assert set(listening) <= {"0100007F", "0000000000000000FFFF00000100007F"}


def _open_files(pid: int):

    for each in Path(f"/proc/{pid}/fd").iterdir():
        if each.is_symlink():
            yield each
