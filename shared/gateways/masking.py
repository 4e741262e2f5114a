"""What of a request may be kept or shown: secrets are taken out, long content becomes its hash."""

import hashlib
import json
import re
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

MASK = "***"
LONGEST_TEXT = 4000
"""Characters of one text in a body that are kept as they are."""

_SECRET_QUERY = frozenset({"sig", "code", "key", "token", "access_token"})
_SECRET_FIELD = re.compile(
    r"(password|secret|accountkey|primarykey|secondarykey|apikey|sastoken|accesstoken|refreshtoken"
    r"|connectionstring|privatekey|credential)$",
    re.IGNORECASE,
)
_KEY_IN_TEXT = re.compile(
    r"((?:AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd|sig)=)[^;&\s\"]+", re.IGNORECASE
)
# A Key Vault secret's value stands in a field that is harmless elsewhere.
_SECRET_PATH = re.compile(r"\.vault\.azure\.net(:\d+)?/secrets/", re.IGNORECASE)


def masked_url(url: str) -> str:
    """The address without signatures and keys in its query."""
    parts = urlsplit(url)
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    if not any(name.lower() in _SECRET_QUERY for name, _ in pairs):
        return url
    kept = [(name, MASK if name.lower() in _SECRET_QUERY else value) for name, value in pairs]
    return parts._replace(query=urlencode(kept, safe="*")).geturl()


def masked_body(url: str, content: bytes | str | None) -> Any:  # noqa: ANN401 - JSON
    """A request's body as JSON without secrets; what is no JSON becomes its length and SHA-256."""
    if not content:
        return None
    raw = content.encode() if isinstance(content, str) else content
    try:
        body: object = json.loads(raw)
    except ValueError:
        return {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    if isinstance(body, dict) and _SECRET_PATH.search(url) and "value" in body:
        body["value"] = MASK
    return _masked(body)


def _masked(value: object) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        return {
            name: MASK if isinstance(inner, str) and inner and _SECRET_FIELD.search(name) else _masked(inner)
            for name, inner in fields.items()
        }
    if isinstance(value, list):
        return [_masked(inner) for inner in cast("list[object]", value)]
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            return {"characters": len(value), "sha256": hashlib.sha256(value.encode()).hexdigest()}
        return _KEY_IN_TEXT.sub(rf"\g<1>{MASK}", value)
    return value
