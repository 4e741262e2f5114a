"""Errors as RFC 9457 problem+json, each saying what to do."""

import json
from http import HTTPStatus
from typing import Any

import azure.functions as func


class Problem(Exception):  # noqa: N818 - the RFC's word
    """An answer that is an error. `extra` members go beside the standard ones."""

    def __init__(self, status: int, detail: str, **extra: Any) -> None:  # noqa: ANN401 - JSON
        self.status = status
        self.detail = detail
        self.extra = extra
        super().__init__(detail)

    def response(self) -> func.HttpResponse:
        """As it goes out."""
        body = {
            "type": "about:blank",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.extra,
        }
        return func.HttpResponse(
            json.dumps(body), status_code=self.status, mimetype="application/problem+json"
        )
