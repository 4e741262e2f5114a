"""The calls that a drill makes: the app's, as the people of the estate, and the simulator's."""

from collections.abc import Callable
from typing import Any

import httpx

from infra.local.drill.failures import DrillFailed, Refused


class Api:
    """Whoever calls is named by mail address.

    `check` raises when there is a reason for a call that got no answer; `simulator` is where `/_sim/` answers when it
    does not at the app's own address.
    """

    def __init__(self, url: str, check: Callable[[], None], *, simulator: str = "") -> None:
        self.url, self._check, self._simulator = url, check, simulator
        # No proxy of the environment may stand between two processes of one machine.
        self._client = httpx.Client(base_url=url, timeout=30, trust_env=False)

    def get(self, path: str, who: str = "") -> Any:  # noqa: ANN401 - JSON
        """The JSON that a GET answers with."""
        return self._call("GET", path, _as(who)).json()

    def content(self, path: str, who: str) -> bytes:
        """The bytes that a GET answers with."""
        return self._call("GET", path, _as(who)).content

    def post(self, path: str, body: object, who: str = "") -> Any:  # noqa: ANN401 - JSON
        """The JSON that a POST answers with."""
        return self._call("POST", path, _as(who), body).json()

    def delete(self, path: str) -> Any:  # noqa: ANN401 - JSON
        """The JSON that a DELETE answers with."""
        return self._call("DELETE", path, {}).json()

    def arm(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Ask the simulated Azure Resource Manager, as a deployment does."""
        headers = {"x-sim-host": "management.azure.com", "Authorization": "Bearer drill"}
        return self._call(method, self._simulator + path, headers, body).json()

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _call(self, method: str, path: str, headers: dict[str, str], body: object = None) -> httpx.Response:
        url = self._simulator + path if path.startswith("/_sim/") else path
        try:
            answer = self._client.request(method, url, headers=headers, json=body)
        except httpx.TransportError as error:
            self._check()
            raise DrillFailed(f"{method} {path} got no answer: {error or type(error).__name__}") from error
        if answer.is_error:
            raise Refused(f"{method} {path}", answer.status_code, _json(answer))
        return answer


def _as(who: str) -> dict[str, str]:
    return {"X-Local-User": who} if who else {}


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        body = None
    return body if isinstance(body, dict) else {"detail": answer.text[:300] or answer.reason_phrase}
