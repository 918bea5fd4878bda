"""What can be done to a deployment, and doing it: the same actions, words and questions in the list and on its page."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum

from nicegui import ui

from nexdeck.models.deployment import Deployment, DeploymentStatus, DesiredState
from nexdeck.pages.components.keys.once import show_key_once
from nexdeck.pages.components.widgets.buttons import Button, menu_item
from nexdeck.pages.components.widgets.confirm import confirm
from nexdeck.pages.identity import me
from nexdeck.pages.notices import say
from nexdeck.services.deployments.journal import CANARY
from nexdeck.services.deployments.views import DeploymentSummary
from nexdeck.services.studio import Studio


class LifecycleAction(StrEnum):
    START = "start"
    STOP = "stop"
    RESTART = "restart"
    REDEPLOY = "redeploy"
    PROMOTE = "promote"
    CANCEL = "cancel"
    UNDEPLOY = "undeploy"


SYMBOLS = {
    LifecycleAction.START: "play",
    LifecycleAction.STOP: "circle-stop",
    LifecycleAction.RESTART: "refresh-cw",
    LifecycleAction.REDEPLOY: "rocket",
    LifecycleAction.PROMOTE: "check",
    LifecycleAction.CANCEL: "x",
    LifecycleAction.UNDEPLOY: "trash",
}
BEGUN = {
    LifecycleAction.START: "{name} is starting.",
    LifecycleAction.STOP: "{name} is stopping.",
    LifecycleAction.RESTART: "{name} is restarting.",
    LifecycleAction.PROMOTE: "The new revision of {name} gets all calls.",
    LifecycleAction.CANCEL: "The change of {name} is cancelled.",
    LifecycleAction.UNDEPLOY: "{name} is being undeployed.",
}


@dataclass(frozen=True)
class Question:
    title: str
    consequences: tuple[str, ...]


def possible(summary: DeploymentSummary) -> list[LifecycleAction]:
    """In the order in which they are shown; the first is the most likely."""
    deployment = summary.deployment
    if deployment.undeployed_at is not None:
        return []
    if summary.operation is not None and summary.operation.is_at(CANARY):
        return [LifecycleAction.PROMOTE, LifecycleAction.CANCEL, LifecycleAction.UNDEPLOY]
    if summary.operation is not None:
        return [LifecycleAction.CANCEL, LifecycleAction.UNDEPLOY]
    if deployment.status in (DeploymentStatus.STOPPED, DeploymentStatus.FAILED):
        return [LifecycleAction.START, LifecycleAction.REDEPLOY, LifecycleAction.UNDEPLOY]
    if deployment.desired_state is not DesiredState.RUNNING:
        return [LifecycleAction.START, LifecycleAction.STOP, LifecycleAction.UNDEPLOY]
    return [LifecycleAction.STOP, LifecycleAction.RESTART, LifecycleAction.REDEPLOY, LifecycleAction.UNDEPLOY]


def question(action: LifecycleAction, deployment: Deployment, gateway: str) -> Question | None:
    """What is asked before an action that takes something away; None when nothing is lost."""
    name = deployment.name
    if action is LifecycleAction.STOP:
        return Question(
            f"Stop {name}?",
            (
                f"It is taken off the gateway {gateway}: calls by REST, command line and MCP are refused until you "
                "start it again. Calls that are being answered may finish.",
                "Its revisions, options and keys stay.",
            ),
        )
    if action is LifecycleAction.RESTART:
        return Question(
            f"Restart {name}?",
            (f"It is taken off the gateway {gateway} and put back. Calls in between are refused, for about a second.",),
        )
    if action is LifecycleAction.UNDEPLOY:
        return Question(
            f"Undeploy {name}?",
            (
                f"It is removed from the gateway {gateway} for good: its endpoints and its keys stop working, and the "
                "name becomes free.",
                "The agent and its versions stay in the catalog; the history of this deployment stays readable.",
            ),
        )
    return None


class Lifecycle:
    """Carries out an action on one deployment, after its question if it has one."""

    def __init__(self, studio: Studio, redeploy: Callable[[str], Awaitable[None]]) -> None:
        self._studio = studio
        self._redeploy = redeploy

    async def do(self, action: LifecycleAction, summary: DeploymentSummary) -> None:
        asked = question(action, summary.deployment, summary.gateway_name)
        if asked is None:
            await self._carry_out(action, summary.deployment)
            return
        confirm(
            asked.title,
            *asked.consequences,
            action=action.capitalize(),
            do=lambda: self._carry_out(action, summary.deployment),
            danger=action is not LifecycleAction.RESTART,
        )

    async def _carry_out(self, action: LifecycleAction, deployment: Deployment) -> None:
        if action is LifecycleAction.REDEPLOY:
            await self._redeploy(deployment.id)
            return
        change = await getattr(self._studio.deployments, action)(deployment.id, actor=me())
        say(BEGUN[action].format(name=deployment.name))
        if change.key is not None:
            show_key_once(deployment.name, change.key)


def lifecycle_buttons(lifecycle: Lifecycle, summary: DeploymentSummary) -> None:
    """A row of buttons, for a page."""
    for action in possible(summary):
        kind = "secondary" if action is not LifecycleAction.UNDEPLOY else "quiet"
        button = Button(
            action.capitalize(), lambda action=action: lifecycle.do(action, summary), kind=kind, symbol=SYMBOLS[action]
        )
        button.mark(f"action-{action}")


def lifecycle_menu(lifecycle: Lifecycle, summary: DeploymentSummary) -> None:
    """The same as items of the menu that is being built, for a row."""
    actions = possible(summary)
    for action in actions:
        if action is LifecycleAction.UNDEPLOY and len(actions) > 1:
            ui.separator()
        menu_item(
            SYMBOLS[action],
            action.capitalize(),
            lambda action=action: lifecycle.do(action, summary),
            danger=action is LifecycleAction.UNDEPLOY,
        )
