"""What pydantic found, in the words of somebody who edits the file."""

from collections.abc import Iterable
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, Union, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from shared.estate.document import Document, Mistake, Path
from shared.model.estate import Estate, ImageDigest
from shared.model.forms import HttpsUrl, KeyUrl, Mail, Name, Region, ResourceId, SecretUrl

_GUID = r"^[0-9a-fA-F-]{36}$"


def _pattern(alias: object) -> str:
    info = next(part for part in get_args(alias) if isinstance(part, FieldInfo))
    return next(str(part.pattern) for part in info.metadata if hasattr(part, "pattern"))


_FORMS = {
    _pattern(ImageDigest): "an image digest: sha256: and 64 hexadecimal digits, never a tag",
    _GUID: "an id such as 11111111-1111-4111-8111-111111111111",
    _pattern(ResourceId): "an Azure resource id: /subscriptions/<id>/resourceGroups/<group>/providers/...",
    _pattern(Region): "an Azure region such as japaneast: small letters and digits",
    _pattern(Name): "a name: small letters, digits and hyphens, at most 63",
    _pattern(HttpsUrl): "an https:// address",
    _pattern(KeyUrl): "the address of a Key Vault key: https://<vault>.vault.azure.net/keys/<name>",
    _pattern(SecretUrl): "the address of a Key Vault secret: https://<vault>.vault.azure.net/secrets/<name>",
    _pattern(Mail): "a mail address",
}

# By the first words of pydantic's error type, so that each of its variants is covered.
_WANTED = {
    "time_delta": "an ISO 8601 duration such as PT15M, PT4H or P1D",
    "time": "a time of day such as 02:00 or 18:30",
    "date": "a date such as 2027-03-15",
    "string_type": "text; put it in quotes",
    "int": "a whole number",
    "bool": "true or false",
    "tuple": "a list: one '- ' a line, or [a, b]",
    "list": "a list: one '- ' a line, or [a, b]",
    "dict": "'field: value' lines",
    "model": "'field: value' lines",
}


def explain(error: ValidationError, document: Document) -> list[Mistake]:
    """One mistake for each error; those at a value that YAML itself complained about are its consequence."""
    known = {mistake.path for mistake in document.mistakes if mistake.path}
    found = (_mistake(details, document) for details in error.errors(include_url=False))
    return [one for one in found if not any(one.path[:cut] in known for cut in range(1, len(one.path) + 1))]


def _mistake(details: ErrorDetails, document: Document) -> Mistake:
    kind, context = details["type"], details.get("ctx", {})
    path = _path(details["loc"], document.values)
    value = _shown(details["input"])
    match kind:
        case "missing":
            message = "is missing; add it"
        case "union_tag_not_found":
            path, message = (
                (*path, "kind"),
                f"is missing; add one of {', '.join(_kinds(path, document.values))}",
            )
        case "extra_forbidden":
            message = f"is no field here; {suggest(path[-1], _fields(path[:-1], document.values))}"
        case "union_tag_invalid":
            tags = _kinds(path, document.values)
            path, message = (
                (*path, "kind"),
                f"'{context['tag']}' is no kind of service; {suggest(context['tag'], tags)}",
            )
        case "enum" | "literal_error":
            message = f"is {value}; write {context['expected']}"
        case "string_pattern_mismatch":
            message = f"is {value}; write {_FORMS.get(context['pattern'], 'text like ' + context['pattern'])}"
        case "value_error":
            message = str(context["error"])
        case _ if details["input"] is None:
            message = "has no value; write one, or remove the line if it may be left out"
        case _:
            wanted = next((text for start, text in _WANTED.items() if kind.startswith(start)), None)
            message = f"is {value}; write {wanted}" if wanted else f"is {value}: {details['msg']}"
    return document.mistake(path, message)


def suggest(wrong: object, known: Iterable[str]) -> str:
    """The nearest known name, or all of them."""
    names = sorted(known)
    near = get_close_matches(str(wrong).lower(), names, n=1)
    return f"did you mean '{near[0]}'?" if near else f"known are {', '.join(names)}"


def unknown(name: str, what: str, known: Iterable[str]) -> str:
    """What is wrong with a name that refers to nothing."""
    names = set(known)
    return f"'{name}' is no {what}; " + (suggest(name, names) if names else "the estate has none")


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _path(loc: Path, values: object) -> Path:
    """Pydantic's place as the file has it: without the tag of a union's member, and without `[key]`."""
    path: list[str | int] = []
    node, tagged = values, False
    for part in loc:
        if part == "[key]":
            break
        if not tagged and path and isinstance(path[-1], int) and part == _kind(node):
            tagged = True
            continue
        path.append(part)
        node, tagged = _child(node, part), False
    return tuple(path)


def _kind(node: object) -> object:
    return cast("dict[str, object]", node).get("kind") if isinstance(node, dict) else None


def _child(node: object, part: str | int) -> object:
    if isinstance(node, dict):
        return cast("dict[str | int, object]", node).get(part)
    if isinstance(node, list) and isinstance(part, int):
        return cast("list[object]", node)[part]
    return None


def _fields(path: Path, values: object) -> set[str]:
    """The fields that the mapping at that place may have."""
    return {name for model in _models(path, values) for name in model.model_fields}


def _kinds(path: Path, values: object) -> list[str]:
    """The values that `kind` may have at that place."""
    kinds = (get_args(model.model_fields["kind"].annotation) for model in _models(path, values))
    return [str(value) for one in kinds for value in one]


def _models(path: Path, values: object) -> list[type[BaseModel]]:
    """The types that may stand at that place; one only, once its kind is known."""
    types: list[Any] = [Estate]
    node = values
    for part in path:
        types = [inner for outer in types for inner in _inside(outer, part)]
        node = _child(node, part)
        if narrowed := [one for one in types if _is_of_kind(one, _kind(node))]:
            types = narrowed
    return [one for one in types if isinstance(one, type) and issubclass(one, BaseModel)]


def _is_of_kind(model: object, kind: object) -> bool:
    field = (
        model.model_fields.get("kind") if isinstance(model, type) and issubclass(model, BaseModel) else None
    )
    return field is not None and kind in get_args(field.annotation)


def _inside(outer: object, part: str | int) -> list[Any]:
    """The types one step further in: a model's field, a list's item or a mapping's value."""
    if isinstance(outer, type) and issubclass(outer, BaseModel):
        field = outer.model_fields.get(str(part))
        return _alternatives(field.annotation) if field else []
    arguments = get_args(outer)
    if get_origin(outer) in {tuple, list}:
        return _alternatives(arguments[0])
    return _alternatives(arguments[1]) if get_origin(outer) is dict else []


def _alternatives(annotation: object) -> list[Any]:
    if get_origin(annotation) is Annotated:
        return _alternatives(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return [one for part in get_args(annotation) for one in _alternatives(part)]
    return [annotation]
