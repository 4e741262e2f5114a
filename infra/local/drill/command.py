"""`make drill`: breaks what a plan is for, carries the plan out, and exits 0 only if all is really well again."""

import argparse
import json
import os
import signal
import sys
from pathlib import Path

from rich.console import Console

from infra.local.drill import course, incident_course, results, scenario, trouble
from infra.local.drill.api import Api
from infra.local.drill.course import Ending
from infra.local.drill.failures import DrillFailed
from infra.local.drill.folder import Folder, shown
from infra.local.drill.live import Picturesque
from infra.local.drill.picture import Display
from infra.local.drill.plain import Plain
from infra.local.drill.process import ServedWorld
from infra.local.drill.scenario import Scenario
from infra.local.drill.scene import Fault, Scene
from infra.local.drill.trouble import Trouble
from infra.local.machine import ROOT, SAMPLE_ESTATE
from shared.errors import EstateInvalid
from shared.estate.load import load
from shared.model.estate import Estate
from shared.model.plan import Mode

FIRST = "region_outage"
"""The plan that is drilled when nothing is said."""
INTERRUPTED = 130


def main() -> int:
    options = _options()
    sys.stdout.reconfigure(errors="replace")  # pyright: ignore[reportAttributeAccessIssue] - a console's may be ASCII
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, _interrupted)
    live = sys.stdout.isatty() and not any(os.environ.get(name) for name in ("NO_COLOR", "CI"))
    width = None if sys.stdout.isatty() else 110
    console = Console(highlight=False, width=width, no_color=not live)
    live = live and not console.is_dumb_terminal
    try:
        load(options.estate)
        with Folder(options.out, keep=options.keep) as folder:
            estate = _staged(options, folder)
            return _drilled(options, estate, folder, Picturesque(console) if live else Plain(), console)
    except EstateInvalid as error:
        print(error, file=sys.stderr)
    except DrillFailed as error:
        print(f"The drill failed: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("The drill was stopped; nothing of it runs on.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read this has gone; a second complaint at exit helps nobody.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _staged(options: argparse.Namespace, folder: Folder) -> Estate:
    """The estate as the scenario wants it; where that is not the one given, a file beside the world's state."""
    given = options.estate.read_text(encoding="utf-8")
    wanted = _of(options.plan).estate(given)
    if wanted != given:
        options.estate = folder.state.with_name("estate.yaml")
        options.estate.write_text(wanted, encoding="utf-8")
    return load(options.estate)


def _drilled(
    options: argparse.Namespace, estate: Estate, folder: Folder, display: Display, console: Console
) -> int:
    world = ServedWorld(
        folder.state,
        folder.log,
        port=options.port,
        speed=options.speed,
        seed=options.seed,
        estate=options.estate.resolve(),
    )
    look = f"Look at {shown(folder.log)}"
    try:
        with display:
            pace = "in real time" if options.speed == 1 else f"a second here is {options.speed:g} there"
            display.say(f"host and simulated Azure start; {pace}")
            url, said, azure = world.start()
            display.say(f"{url}: {said.partition(',')[0]}")
            api = Api(url, world.check, simulator=azure)
            scene = Scene(estate, options.mode, api, display)
            ending = _taken(options.plan, scene, tuple(options.fault))
        written = results.write(ending, estate, api, folder)
        folder.keep_mail()
        api.close()
    except DrillFailed as error:
        raise DrillFailed(f"{str(error).rstrip('.')}. {look}") from error
    finally:
        _ignore_interrupts()
        world.stop()
    results.tell(ending, estate, folder, written, console)
    return _judged(options, ending, folder, console)


def _of(name: str) -> Scenario:
    return trouble.trouble_of(name) if name in trouble.known() else scenario.scenario_of(name)


def _taken(name: str, scene: Scene, more: tuple[Fault, ...]) -> Ending:
    """A plan is started by people, an incident by what an alert rule sees."""
    chosen = _of(name)
    if isinstance(chosen, Trouble):
        return incident_course.take(chosen, scene, more)
    return course.take(chosen, scene, more)


def _judged(options: argparse.Namespace, ending: Ending, folder: Folder, console: Console) -> int:
    console.file.flush()
    if options.keep:
        again = f"python -m infra.local --speed {options.speed:g} --state {shown(folder.state)}"
        if options.estate != SAMPLE_ESTATE:
            again += f" --estate {shown(options.estate)}"
        console.print(f"The world is kept; go on with it: {again}", soft_wrap=True)
    if not ending.problems:
        news, proof = ending.told
        console.print(f"[bold green]{news}:[/] {proof}", soft_wrap=True)
        return 0
    first, *more = ending.problems
    print(f"The drill failed: {first}", file=sys.stderr)
    for problem in more:
        print(f"  also: {problem}", file=sys.stderr)
    print(f"Look at {shown(folder.path)}/record.json and {shown(folder.log)}", file=sys.stderr)
    return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local.drill", description=__doc__)
    plan = os.environ.get("PLAN") or FIRST
    parser.add_argument(
        "--plan",
        default=plan,
        help=f"what is drilled, also PLAN=: a plan ({', '.join(scenario.known())}) "
        f"or an incident ({', '.join(trouble.known())})",
    )
    parser.add_argument(
        "--mode",
        type=Mode,
        choices=list(Mode),
        help="a real outage, or a planned move (real, if the plan has it)",
    )
    parser.add_argument("--speed", type=float, default=30.0, help="simulated seconds in a real one (30)")
    parser.add_argument(
        "--seed", type=int, default=0, help="what chance in the simulated Azure begins with (0)"
    )
    parser.add_argument("--port", type=int, default=0, help="the port on 127.0.0.1 (a free one)")
    parser.add_argument(
        "--estate", type=Path, default=SAMPLE_ESTATE, help="the estate file (the sample estate)"
    )
    parser.add_argument(
        "--out", type=Path, default=ROOT / ".local" / "drill", help="for results (.local/drill)"
    )
    parser.add_argument("--keep", action="store_true", help="keep the world's state, to go on with it")
    parser.add_argument(
        "--fault",
        type=_fault,
        action="append",
        default=[],
        metavar="KIND:TARGET",
        help="one more fault, such as region_outage:japanwest, or as JSON; may be given more than once",
    )
    options = parser.parse_args()
    if not 0 < options.speed <= 1000:
        parser.error("--speed must be above 0 and at most 1000")
    known = (*scenario.known(), *trouble.known())
    if options.plan not in known:
        parser.error(f"there is no drill for plan '{options.plan}'; known: {', '.join(known)}")
    modes = _of(options.plan).modes
    options.mode = options.mode or modes[0]
    if options.mode not in modes:
        parser.error(f"{options.plan} is drilled with --mode {' or '.join(modes)} only")
    return options


def _fault(text: str) -> Fault:
    """`KIND:TARGET`, or the JSON that the simulator takes."""
    if text.lstrip().startswith("{"):
        try:
            fault = json.loads(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text} is no JSON: {error}") from error
        if {"kind", "target"} <= set(fault):
            return fault
    kind, _, target = text.partition(":")
    if not kind.isidentifier() or not target:
        raise argparse.ArgumentTypeError(f"{text} is not KIND:TARGET, such as region_outage:japanwest")
    return {"kind": kind, "target": target}


def _interrupted(*_: object) -> None:
    _ignore_interrupts()
    raise KeyboardInterrupt


def _ignore_interrupts() -> None:
    """From here on everything ends within two seconds anyway, and must not be left half done."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
