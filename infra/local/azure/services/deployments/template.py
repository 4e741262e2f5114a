"""Turns an ARM template with its parameters into the resources that it asks for."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from infra.local.azure.core.store import Json
from infra.local.azure.core.world import World
from infra.local.azure.services.deployments.expressions import Function, evaluate, invalid

NESTED = "Microsoft.Resources/deployments"
KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "securestring": str,
    "int": int,
    "bool": bool,
    "object": dict,
    "secureobject": dict,
    "array": list,
}


@dataclass(frozen=True)
class Wanted:
    """A resource that a template asks for: its id and the body of the PUT that makes it so."""

    resource_id: str
    body: Json


@dataclass(frozen=True)
class Plan:
    """What a template asks for, in the order of its dependencies, and its outputs."""

    resources: list[Wanted]
    outputs: Json


def parse(world: World, properties: Json, group_id: str, name: str) -> Plan:
    """Evaluate a deployment's template; 400 InvalidTemplate where it is wrong."""
    template = properties.get("template")
    if not isinstance(template, dict):
        message = (
            "the template is missing" if "templateLink" not in properties else "templateLink is not supported"
        )
        raise invalid(message)
    scope = _Scope(world, template, _values(properties.get("parameters") or {}), group_id, name)
    resources = [wanted for resource in scope.resources() for wanted in scope.expand(resource)]
    outputs = {
        key: {"type": output.get("type", "String"), "value": evaluate(output["value"], scope.functions)}
        for key, output in (template.get("outputs") or {}).items()
        if "reference(" not in str(output.get("value"))
    }
    return Plan(resources, outputs)


def _values(parameters: Json) -> Json:
    return {
        name: one["value"] for name, one in parameters.items() if isinstance(one, dict) and "value" in one
    }


class _Scope:
    """One template with the functions that mean something only inside it."""

    def __init__(self, world: World, template: Json, given: Json, group_id: str, name: str) -> None:
        self._world, self._template, self._group_id, self._name = world, template, group_id, name
        subscription = group_id.split("/")[2]
        self._prefix = f"/subscriptions/{subscription}/resourceGroups"
        group: Json = world.resources.peek(group_id) or {"location": ""}
        self.functions: dict[str, Function] = {
            "resourcegroup": lambda: {"id": group_id, "name": group_id.rsplit("/", 1)[-1], **group},
            "subscription": lambda: {"id": f"/subscriptions/{subscription}", "subscriptionId": subscription},
            "deployment": lambda: {"name": name},
            "resourceid": self._resource_id,
            "reference": self._reference,
            "parameters": lambda key: self._parameters[key],
            "variables": lambda key: evaluate(self._template.get("variables", {})[key], self.functions),
        }
        self._parameters: Json = {}
        self._parameters = self._bind(given)

    def _bind(self, given: Json) -> Json:
        declared: dict[str, Json] = self._template.get("parameters") or {}
        if unknown := sorted(set(given) - set(declared)):
            raise invalid(f"the parameters '{', '.join(unknown)}' are not defined in the template")
        bound: Json = {}
        for name, declaration in declared.items():
            if name in given:
                bound[name] = given[name]
            elif "defaultValue" in declaration:
                self._parameters = bound
                bound[name] = evaluate(declaration["defaultValue"], self.functions)
            elif not declaration.get("nullable"):
                raise invalid(f"the value for the template parameter '{name}' is not provided")
            else:
                bound[name] = None
            kind = KINDS.get(str(declaration.get("type", "string")).lower())
            if kind is not None and bound[name] is not None and not isinstance(bound[name], kind):
                raise invalid(f"the template parameter '{name}' is not of type {declaration['type']}")
            if "allowedValues" in declaration and bound[name] not in declaration["allowedValues"]:
                raise invalid(
                    f"the value of the template parameter '{name}' is not one of the allowed values"
                )
        return bound

    def _resource_id(self, *parts: str) -> str:
        """`resourceId([subscription,] [group,] type, name, ...)`."""
        at = next(place for place, part in enumerate(parts) if "/" in part)
        group = parts[at - 1] if at else self._group_id.rsplit("/", 1)[-1]
        return f"{self._prefix}/{group}/providers/{_interleaved(parts[at], list(parts[at + 1 :]))}"

    def _reference(self, target: str, *_: object) -> Any:  # noqa: ANN401 - JSON of any shape
        resource = self._world.resources.peek(target)
        if resource is None:
            resource = self._symbolic(target)
        return resource["properties"]

    def _symbolic(self, name: str) -> Json:
        """Return the existing resource that a symbolic name of language version 2 stands for."""
        declared = self._template.get("resources")
        if isinstance(declared, dict) and name in declared:
            found = self._world.resources.peek(self._id_of(declared[name]))
            if found is not None:
                return found
        raise LookupError(f"the resource '{name}' does not exist")

    def _id_of(self, resource: Json) -> str:
        name = str(evaluate(resource["name"], self.functions))
        group = evaluate(resource.get("resourceGroup") or self._group_id.rsplit("/", 1)[-1], self.functions)
        return f"{self._prefix}/{group}/providers/{_interleaved(resource['type'], name.split('/'))}"

    def resources(self) -> list[Json]:
        """Return the template's resources, after those that they depend on."""
        declared: Any = self._template.get("resources")
        if not isinstance(declared, dict | list):
            raise invalid("the template has no resources")
        rows: list[tuple[str, Json]] = list(declared.items()) if isinstance(declared, dict) else []
        rows = rows or [("", resource) for resource in declared]
        for _, resource in rows:
            if "type" not in resource or "name" not in resource:
                raise invalid("a resource needs a type and a name")
        return list(self._ordered([(key, one) for key, one in rows if not one.get("existing")]))

    def _ordered(self, rows: list[tuple[str, Json]]) -> Iterator[Json]:
        left = list(rows)
        while left:
            open_names = {name.lower() for key, one in left for name in (key, self._id_of(one)) if name}
            ready = [
                row
                for row in left
                if not any(
                    str(evaluate(need, self.functions)).lower() in open_names
                    for need in row[1].get("dependsOn") or []
                )
            ]
            if not ready:
                raise invalid("the resources depend on each other in a circle")
            yield from (one for _, one in ready)
            left = [row for row in left if row not in ready]

    def expand(self, resource: Json) -> list[Wanted]:
        """Return the resource, or those of a nested deployment, or none when its condition is false."""
        if not evaluate(resource.get("condition", True), self.functions):
            return []
        if resource.get("copy"):
            raise invalid("copy loops are not supported by this simulator")
        if resource["type"].lower() == NESTED.lower():
            return self._nested(resource)
        left_out = {
            "apiVersion",
            "dependsOn",
            "condition",
            "type",
            "name",
            "comments",
            "resources",
            "resourceGroup",
        }
        body = {key: evaluate(item, self.functions) for key, item in resource.items() if key not in left_out}
        return [Wanted(self._id_of(resource), body)]

    def _nested(self, resource: Json) -> list[Wanted]:
        properties: Json = resource["properties"]
        name = str(evaluate(resource["name"], self.functions))
        group = evaluate(resource.get("resourceGroup") or self._group_id.rsplit("/", 1)[-1], self.functions)
        if (properties.get("expressionEvaluationOptions") or {}).get("scope", "outer").lower() == "inner":
            inner = {**properties, "parameters": evaluate(properties.get("parameters") or {}, self.functions)}
        else:
            inner = {"template": evaluate(properties["template"], self.functions)}
        return parse(self._world, inner, f"{self._prefix}/{group}", name).resources


def _interleaved(kind: str, names: list[str]) -> str:
    """`Ns/as/bs` with names `x`, `y` -> `Ns/as/x/bs/y`."""
    provider, *types = kind.split("/")
    if len(types) != len(names):
        raise invalid(f"the type '{kind}' needs {len(types)} names, not {len(names)}")
    return "/".join([provider, *(part for pair in zip(types, names, strict=True) for part in pair)])
