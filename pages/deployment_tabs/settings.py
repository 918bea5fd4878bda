"""The options in force, what a redeploy under way changes of them, and the keys that callers use."""

from nicegui import ui

from nexdeck.models.options import DeploymentOptions
from nexdeck.pages.components.deployments.lifecycle import LifecycleAction, possible
from nexdeck.pages.components.keys.card import KeysCard
from nexdeck.pages.components.widgets.banner import banner
from nexdeck.pages.components.widgets.buttons import Button
from nexdeck.pages.components.widgets.section import Section
from nexdeck.pages.deployment_tabs.context import TabContext
from nexdeck.pages.deployment_tabs.option_facts import is_code, option_facts
from nexdeck.services.deployments.views import DeploymentDetail


class SettingsTab:
    def __init__(self, context: TabContext, detail: DeploymentDetail) -> None:
        self._studio = context.studio
        self._lifecycle = context.lifecycle
        self._id = detail.summary.deployment.id
        self._name = detail.summary.deployment.name
        with ui.element("div").classes("stack wide"):
            self._coming = Section(_show_coming, _coming)
            self._options = Section(self._show_options, lambda d: (d.options, possible(d.summary)))
            keys = KeysCard(self._studio, self._id, self._name)
            self._keys = Section(keys.build, keys.state)

    def show(self, detail: DeploymentDetail) -> None:
        self._coming.show(detail)
        self._options.show(detail)
        self._keys.show(detail)

    def _show_options(self, detail: DeploymentDetail) -> None:
        with ui.element("div").classes("card"):
            with ui.element("div").classes("card-head"):
                ui.label("Options").classes("h2")
                if LifecycleAction.REDEPLOY in possible(detail.summary):
                    edit = Button(
                        "Change and redeploy", lambda: self._lifecycle.do(LifecycleAction.REDEPLOY, detail.summary)
                    )
                    edit.classes("small")
            with ui.element("div").classes("card-body"), ui.element("dl").classes("facts"):
                for term, text in option_facts(detail.options, detail.artifact).items():
                    with ui.element("dt"):
                        ui.label(term)
                    with ui.element("dd"):
                        ui.label(text).classes("keep mono" if is_code(term, text) else "keep")


def _coming(detail: DeploymentDetail) -> tuple[int, list[str]] | None:
    """The revision that is on its way, as a canary too, and what is other than before; None: there is none."""
    newest = detail.revisions[0]
    if detail.live is None or newest.number <= detail.live.number or detail.summary.operation is None:
        return None
    options = DeploymentOptions.model_validate(newest.options)
    before = option_facts(detail.options, detail.artifact)
    after = option_facts(options, detail.artifact)
    return newest.number, [f"{term}: {before[term]} → {text}" for term, text in after.items() if before[term] != text]


def _show_coming(detail: DeploymentDetail) -> None:
    if (coming := _coming(detail)) is not None:
        number, changed = coming
        what = "\n".join(["with other options:", *changed]) if changed else "with the same options."
        banner(f"Below is what is live. Revision {number} is on its way, {what}", "info")
