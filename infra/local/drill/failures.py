"""What can go wrong with a drill, said so that a person knows where to look."""

from typing import Any


class DrillFailed(Exception):  # noqa: N818 - named for what happened, as everywhere here
    """The drill cannot go on, or did not bring service back; the message is for the person at the terminal."""


class Refused(DrillFailed):
    """The app (problem+json) or the simulator (ARM's errors) answered with an error; `status` is HTTP's."""

    def __init__(self, what: str, status: int, body: dict[str, Any]) -> None:
        self.status = status
        said = body.get("detail") or body.get("error", {}).get("message") or body
        known = f" (known: {', '.join(body['known'])})" if body.get("known") else ""
        super().__init__(f"{what} was answered with {status}: {said}{known}")
