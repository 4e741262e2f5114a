"""What a simulated service brings: routes, effects of its operations, clockwork, its truth."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from infra.local.azure.core.http import Answer, Later, Request
from infra.local.azure.core.store import Json

if TYPE_CHECKING:
    from infra.local.azure.core.world import World

type Handler = Callable[["World", Request], Answer | Later]
type Effect = Callable[["World", Json], Json | None]
type Tick = Callable[["World"], None]
type Truth = Callable[["World"], object]
type Seed = Callable[["World"], None]

ARM_HOST = "management.azure.com"
# Routes for it are tried only where no service knows the host.
ANY_HOST = "{host*}"


@dataclass(frozen=True)
class Route:
    """One call: method, host pattern, path template; see `Service.arm` and `Service.on`."""

    method: str
    host: re.Pattern[str]
    path: re.Pattern[str]
    handler: Handler
    arm: bool
    token: bool
    reads: bool
    survives_outage: bool
    anywhere: bool


@dataclass
class Service:
    """A named collection that decorators fill; the simulator takes a tuple of them."""

    name: str
    routes: list[Route] = field(default_factory=list[Route])
    effects: dict[str, Effect] = field(default_factory=dict[str, Effect])
    failures: dict[str, Effect] = field(default_factory=dict[str, Effect])
    ticks: list[tuple[str, float, Tick]] = field(default_factory=list[tuple[str, float, Tick]])
    truths: dict[str, Truth] = field(default_factory=dict[str, Truth])
    seeds: list[Seed] = field(default_factory=list[Seed])
    faults: dict[str, Effect] = field(default_factory=dict[str, Effect])

    def arm(
        self, method: str, path: str, *, reads: bool = False, survives_outage: bool = False
    ) -> Callable[[Handler], Handler]:
        """Add a call of Azure Resource Manager; bearer token and api-version are demanded first.

        `reads`: a POST that changes nothing, so it is not in the ledger. `survives_outage`: a write that the
        service's control plane takes although the resource's region is out; others answer 503.
        """
        return self._add(
            method, ARM_HOST, path, arm=True, token=True, reads=reads, survives_outage=survives_outage
        )

    def on(
        self, method: str, host: str, path: str, *, token: bool = True, reads: bool = False
    ) -> Callable[[Handler], Handler]:
        """Add a data-plane call: host `{service}.search.windows.net`, path `/indexes('{index}')`.

        `{name}` matches one label or segment, `{name*}` any rest; both come as `request.params`.
        """
        return self._add(method, host, path, arm=False, token=token, reads=reads, survives_outage=True)

    def _add(
        self, method: str, host: str, path: str, *, arm: bool, token: bool, reads: bool, survives_outage: bool
    ) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            reading = reads or method in {"GET", "HEAD"}
            self.routes.append(
                Route(
                    method,
                    _compile(host, r"[^/:]+?"),
                    _compile(path, r"[^/]+"),
                    handler,
                    arm,
                    token,
                    reading,
                    survives_outage,
                    host == ANY_HOST,
                )
            )
            return handler

        return register

    def effect(self, name: str) -> Callable[[Effect], Effect]:
        """Add what `world.begin(..., effect=name)` does when the operation is due."""

        def register(effect: Effect) -> Effect:
            self.effects[name] = effect
            return effect

        return register

    def failure(self, effect: str) -> Callable[[Effect], Effect]:
        """Add what happens when an operation with that effect fails: it gets `{**args, "error": ...}`."""

        def register(happen: Effect) -> Effect:
            self.failures[effect] = happen
            return happen

        return register

    def every(self, seconds: float) -> Callable[[Tick], Tick]:
        """Run at every so many simulated seconds, in order with due operations."""

        def register(tick: Tick) -> Tick:
            self.ticks.append((f"{self.name}.{tick.__name__}", seconds, tick))
            return tick

        return register

    def truth(self, name: str) -> Callable[[Truth], Truth]:
        """Add a part to `GET /_sim/world`."""

        def register(truth: Truth) -> Truth:
            self.truths[name] = truth
            return truth

        return register

    def fault(self, kind: str) -> Callable[[Effect], Effect]:
        """Add a kind of fault: called once at injection; what it returns is kept in the fault."""

        def register(happen: Effect) -> Effect:
            self.faults[kind] = happen
            return happen

        return register

    def seed(self, seed: Seed) -> Seed:
        """Run once, on a new world, after the estate's resources were put."""
        self.seeds.append(seed)
        return seed


def _compile(template: str, segment: str) -> re.Pattern[str]:
    pattern = ""
    for part in re.split(r"(\{\w+\*?\})", template):
        if re.fullmatch(r"\{\w+\*\}", part):
            pattern += f"(?P<{part[1:-2]}>.*)"
        elif re.fullmatch(r"\{\w+\}", part):
            pattern += f"(?P<{part[1:-1]}>{segment})"
        else:
            pattern += re.escape(part)
    return re.compile(pattern, re.IGNORECASE)
