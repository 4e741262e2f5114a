"""A `requests` session for libraries that bring clients of their own: same redirection, journal and previews.

Their addresses are secrets (a webhook's path is its password), so what is recorded names the host alone.
"""

from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from shared.gateways.journal import sending
from shared.gateways.preview import Preview
from shared.gateways.transport import REAL_HOST


class EndpointAdapter(HTTPAdapter):
    """Sends every request to one loopback address where there is one. `answer` and `error` are the last ones."""

    def __init__(self, endpoint: str | None, preview: Preview | None) -> None:
        super().__init__(max_retries=0)
        self.answer: requests.Response | None = None
        self.error: Exception | None = None
        self._endpoint = endpoint.rstrip("/") if endpoint else None
        self._preview = preview

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # noqa: ANN401 - requests' own  # pyright: ignore[reportIncompatibleMethodOverride] - passed on as they are
        """Send there, and put the real address back for whoever reads the request afterwards."""
        real, method = str(request.url), str(request.method)
        parts = urlsplit(real)
        shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/***"
        body = request.body if isinstance(request.body, bytes | str) else None
        if self._preview is not None:
            self._preview.refuse(method, shown, body)
        with sending(method, shown, lambda: body) as sent:
            if self._endpoint is not None:
                request.headers[REAL_HOST] = parts.netloc
                request.url = self._endpoint + parts.path + ("?" + parts.query if parts.query else "")
            try:
                self.answer = super().send(request, **options)
            except requests.RequestException as error:
                self.error = error
                raise
            finally:
                request.url = real
            sent.status = self.answer.status_code
            return self.answer


def endpoint_session(
    endpoint: str | None, preview: Preview | None
) -> tuple[requests.Session, EndpointAdapter]:
    """A session whose every request goes through the adapter; close it after use."""
    session, adapter = requests.Session(), EndpointAdapter(endpoint, preview)
    session.trust_env = endpoint is None
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session, adapter
