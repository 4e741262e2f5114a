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
    r"|connectionstring|privatekey|credential|routing_key)$",
    re.IGNORECASE,
)
_KEY_IN_TEXT = re.compile(
    r"((?:AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd|sig)=|Bearer |/approvals/)[^;&\s\"<]+",
    re.IGNORECASE,
)
# A JSON web token and a private key are secrets wherever they stand.
_SECRET_TEXT = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]+|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
    re.DOTALL,
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
    return masked(body)


def masked(value: object, *, inside: str = "") -> Any:  # noqa: ANN401 - JSON
    """JSON without secrets, told by their names and by how they look; `inside` is the field that it stands in."""
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        return {
            name: MASK
            if isinstance(inner, str) and inner and _hides(name, inside)
            else masked(inner, inside=name)
            for name, inner in fields.items()
        }
    if isinstance(value, list):
        return [masked(inner, inside=inside) for inner in cast("list[object]", value)]
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT:
            return {"characters": len(value), "sha256": hashlib.sha256(value.encode()).hexdigest()}
        return _SECRET_TEXT.sub(MASK, _KEY_IN_TEXT.sub(rf"\g<1>{MASK}", value))
    return value


def _hides(name: str, inside: str) -> bool:
    """A list of secrets ({name, value}) and a parameter named like one hide their values."""
    if name.lower() == "value":
        return inside.lower() == "secrets" or bool(_SECRET_FIELD.search(inside))
    return bool(_SECRET_FIELD.search(name))
