"""What has to change so that the deployments there are become those that were declared. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from nexdeck.models.declared import DeclaredState
from nexdeck.models.options import DeploymentOptions


class Action(StrEnum):
    CREATE = "create"
    REDEPLOY = "redeploy"
    START = "start"
    STOP = "stop"
    UNDEPLOY = "undeploy"
    NONE = "none"


@dataclass(frozen=True)
class ResolvedDeployment:
    """A declared deployment, with every name in it resolved and its version said."""

    name: str
    gateway: str
    agent: str
    version: str
    options: DeploymentOptions
    state: DeclaredState
    dedicated: bool = False


@dataclass(frozen=True)
class Present:
    """A deployment there is: what it runs or would run when started. ``failed``: it should run, and does not."""

    id: str
    name: str
    gateway: str
    agent: str
    version: str
    options: DeploymentOptions
    state: DeclaredState
    failed: bool = False
    dedicated: bool = False


@dataclass(frozen=True)
class PlannedChange:
    """``why`` tells people what differs. ``wanted`` is None for what was not declared, ``present`` for what is new."""

    action: Action
    name: str
    gateway: str
    why: str
    wanted: ResolvedDeployment | None = None
    present: Present | None = None


def plan(
    declared: Iterable[ResolvedDeployment], existing: Iterable[Present], *, prune: bool = False
) -> list[PlannedChange]:
    """What to do, in the order of the declarations, then what was not declared; at least one entry for each.

    Of the entries for one deployment, each presumes that those before it succeeded.
    """
    left = {(present.gateway, present.name): present for present in existing}
    changes: list[PlannedChange] = []
    for wanted in declared:
        present = left.pop((wanted.gateway, wanted.name), None)
        steps = list(_create(wanted) if present is None else _adjust(wanted, present))
        for action, why in steps or [(Action.NONE, "as declared")]:
            changes.append(PlannedChange(action, wanted.name, wanted.gateway, why, wanted, present))
    action, why = (Action.UNDEPLOY, "not declared") if prune else (Action.NONE, "not declared, and left as it is")
    for (gateway, name), present in sorted(left.items()):
        changes.append(PlannedChange(action, name, gateway, why, present=present))
    return changes


def differences(wanted: ResolvedDeployment, present: Present) -> list[str]:
    """``version 1.0.0 → 1.1.0``, ``options.limits.timeout_seconds 60.0 → 30.0``. Values of variables are not shown."""
    found = [] if wanted.version == present.version else [f"version {present.version} → {wanted.version}"]
    return found + [
        f"options.{path}" if path.startswith(("environment", "sample_input")) else f"options.{path} {before} → {after}"
        for path, before, after in _unequal(_plain(present.options), _plain(wanted.options), "")
    ]


def _create(wanted: ResolvedDeployment) -> Iterator[tuple[Action, str]]:
    yield Action.CREATE, f"{wanted.agent} {wanted.version}"
    if wanted.state is DeclaredState.STOPPED:
        yield Action.STOP, "declared as stopped, once it is proven"


def _adjust(wanted: ResolvedDeployment, present: Present) -> Iterator[tuple[Action, str]]:
    """A redeploy starts what was stopped, so what shall be stopped is stopped after it."""
    runs = present.state is DeclaredState.RUNNING
    if changed := differences(wanted, present):
        yield Action.REDEPLOY, "; ".join(changed)
        runs = True
    elif wanted.state is DeclaredState.RUNNING and not runs:
        yield Action.START, "stopped → running"
    elif wanted.state is DeclaredState.RUNNING and present.failed:
        yield Action.START, "it failed"
    if wanted.state is DeclaredState.STOPPED and runs:
        yield Action.STOP, "running → stopped" if present.state is DeclaredState.RUNNING else "declared as stopped"


def _plain(options: DeploymentOptions) -> dict:
    return options.model_dump(mode="json")


def _unequal(before: object, after: object, path: str) -> Iterator[tuple[str, object, object]]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict) and path in ("", "limits", "environment", "record"):
        for name in sorted(before.keys() | after.keys()):
            yield from _unequal(before.get(name), after.get(name), f"{path}.{name}" if path else name)
    else:
        yield path, _shown(before), _shown(after)


def _shown(value: object) -> object:
    match value:
        case None | []:
            return "none"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value))
    return value
