"""Exactly what the gateway runs, byte for byte, and how to have it oneself."""

import json
import shlex

from nicegui import ui

from nexdeck.models.manifest import AgentKind
from nexdeck.pages.components.agents.schema_table import inputs_table, outputs_table
from nexdeck.pages.components.widgets.code_view import code_view
from nexdeck.pages.components.widgets.copy_button import CopyButton
from nexdeck.pages.components.widgets.section import Section
from nexdeck.services.deployments.views import DeploymentDetail


class ArtifactTab:
    def __init__(self, _, detail: DeploymentDetail) -> None:
        self._section = Section(_show, lambda d: d.artifact.id)

    def show(self, detail: DeploymentDetail) -> None:
        self._section.show(detail)


def _show(detail: DeploymentDetail) -> None:
    version, agent = detail.artifact, detail.summary.agent_name
    with ui.element("div").classes("stack wide"):
        with ui.element("div").classes("card pad stack"):
            ui.label(f"{agent} {version.version}").classes("h2")
            if version.kind is AgentKind.PYTHON:
                how = "It is the author's file, unchanged."
            else:
                sample = shlex.quote(json.dumps(version.sample or {}, ensure_ascii=False))
                how = f"It runs by itself too:  python {agent}.py {sample}"
            ui.label(f"This module is what the gateway runs, byte for byte. {how}").classes("small fg2 breaks")
            with ui.element("div").classes("line"):
                ui.label("SHA-256").classes("tiny fg3 fixed-size")
                ui.label(version.sha256).classes("mono cut").mark("sha256")
                CopyButton(version.sha256, "Copy the SHA-256")
        code_view(version.module, f"{agent}.py", download=True, height=640)
        with ui.element("div").classes("columns"):
            for title, table, schema in (
                ("Inputs", inputs_table, version.input_schema),
                ("Outputs", outputs_table, version.output_schema),
            ):
                with ui.element("div").classes("card"):
                    with ui.element("div").classes("card-head"):
                        ui.label(title).classes("h2")
                    with ui.element("div").classes("card-body"):
                        table(schema)
