"""What an app's template was before somebody changed it, with the images that it is to run now."""

import copy
from typing import Any

type Document = dict[str, Any]


def images_replaced(template: Document, repository: str, digest: str) -> Document:
    """The template with every container of that repository (`server/name`) at the digest."""
    result = _copy(template)
    for container in (*(result.get("containers") or ()), *(result.get("initContainers") or ())):
        if repository_of(str(container.get("image", ""))) == repository:
            container["image"] = f"{repository}@{digest}"
    return result


def restored(clean: Document, current: Document) -> Document:
    """The clean template, each of its containers with the image that the container of that name has now."""
    now = {one.get("name"): one.get("image") for one in _containers(current)}
    result = _copy(clean)
    for container in _containers(result):
        container["image"] = now.get(container.get("name")) or container.get("image")
    return result


def differences(clean: Document, current: Document) -> tuple[str, ...]:
    """Where the templates differ, in words; images do not count, values are not told (they may be secrets)."""
    then = {str(one.get("name")): one for one in _containers(clean)}
    now = {str(one.get("name")): one for one in _containers(current)}
    found = [f"container {name} was added" for name in sorted(now.keys() - then.keys())]
    found += [f"container {name} was removed" for name in sorted(then.keys() - now.keys())]
    for name in sorted(then.keys() & now.keys()):
        found += [f"{field} of container {name}" for field in _fields(then[name], now[name], {"image"})]
        if "env" in _fields(then[name], now[name], {"image"}):
            found[found.index(f"env of container {name}")] = _settings(name, then[name], now[name])
    skipped = {"containers", "initContainers", "revisionSuffix"}
    return (*found, *_fields(clean, current, skipped))


def repository_of(image: str) -> str:
    """`server/name` of `server/name@sha256:...` or `server/name:tag`."""
    name = image.partition("@")[0]
    server, slash, rest = name.partition("/")
    return f"{server}{slash}{rest.partition(':')[0]}"


def _copy(template: Document) -> Document:
    # A suffix that was used cannot be used again: let Azure choose one.
    return {**copy.deepcopy(template), "revisionSuffix": ""}


def _containers(template: Document) -> list[Document]:
    return [*(template.get("containers") or ()), *(template.get("initContainers") or ())]


def _fields(one: Document, other: Document, skipped: set[str]) -> list[str]:
    names = sorted((one.keys() | other.keys()) - skipped)
    return [name for name in names if (one.get(name) or None) != (other.get(name) or None)]


def _settings(container: str, then: Document, now: Document) -> str:
    old = {one.get("name"): one for one in then.get("env") or ()}
    new = {one.get("name"): one for one in now.get("env") or ()}
    names = sorted(str(name) for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    return f"settings {', '.join(names)} of container {container}"
