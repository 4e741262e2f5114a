"""What can go wrong with a drill, said so that a person knows where to look."""


class DrillFailed(Exception):  # noqa: N818 - named for what happened, as everywhere here
    """The drill cannot go on, or did not bring service back; the message is for the person at the terminal."""


class Refused(DrillFailed):
    """The app answered with an error; `status` is the HTTP status, `body` what it said."""

    def __init__(self, what: str, status: int, body: dict[str, object]) -> None:
        self.status = status
        self.body = body
        super().__init__(f"{what} was answered with {status}: {body.get('detail') or body}")
