"""Every option of the table has its control in the dialog, and is told by the settings tab."""

import pytest
from nicegui import ui
from nicegui.testing import User

from nexdeck.models.option_table import OPTIONS
from nexdeck.models.options import MODELS, DeploymentOptions
from nexdeck.pages.components.deploy.options_form import OptionsForm
from nexdeck.pages.components.widgets.fields import FormErrors
from nexdeck.pages.deployment_tabs.option_facts import option_facts
from nexdeck.services.studio import Studio
from tests.actors import ACTOR
from tests.every_option import EVERY_OPTION

DEFAULT = DeploymentOptions()


def _two(path: str) -> tuple[DeploymentOptions, DeploymentOptions]:
    """Options that differ in this one alone."""
    group, _, name = path.partition(".")
    if not name:
        return DEFAULT, DEFAULT.model_copy(update={group: EVERY_OPTION.at(group)})
    other = EVERY_OPTION.at(group).model_copy(update={name: getattr(MODELS[group](), name)})
    return EVERY_OPTION, EVERY_OPTION.model_copy(update={group: other})


@pytest.mark.parametrize("options", [DEFAULT, EVERY_OPTION], ids=["default", "every"])
async def test_a_form_reads_what_it_was_given(
    user: User, studio: Studio, echo: str, options: DeploymentOptions
) -> None:
    forms: list[OptionsForm] = []

    @ui.page("/form")
    async def page() -> None:
        form = OptionsForm(studio, options, FormErrors())
        await form.show_version(await studio.agents.version(echo, actor=ACTOR))
        forms.append(form)

    await user.open("/form")
    assert [form.read() for form in forms] == [options]


@pytest.mark.parametrize("path", [option.path for option in OPTIONS])
async def test_the_settings_tab_tells_of_each_option(studio: Studio, echo: str, path: str) -> None:
    version = await studio.agents.version(echo, actor=ACTOR)
    before, after = _two(path)
    assert option_facts(before, version) != option_facts(after, version)
