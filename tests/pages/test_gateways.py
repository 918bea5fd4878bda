"""Adding a gateway: what is wrong with it is told in the dialog, and nothing is stored."""

from nicegui import ui
from nicegui.testing import User

from models.gateway import GatewayKind
from services.studio import Studio
from tests.pages.waiting import until


async def test_a_gateway_that_does_not_answer_is_not_added(user: User, studio: Studio) -> None:
    await user.open("/gateways")
    user.find(marker="add-gateway").click()
    await user.should_see(marker="gateway-url")
    for marker, value in (("name", "eu-1"), ("url", "http://127.0.0.1:9"), ("token", "abc")):
        (field,) = user.find(kind=ui.input, marker=f"gateway-{marker}").elements
        field.set_value(value)
    user.find(marker="test-gateway").click()
    await user.should_see("Nothing usable answers", retries=30)
    user.find(marker="save-gateway").click()
    await user.should_see("Nothing usable answers", retries=30)
    assert [s.gateway.kind for s in await studio.gateways.list()] == [GatewayKind.LOCAL]


async def test_faults_stand_at_their_fields(user: User) -> None:
    await user.open("/gateways")
    user.find(marker="add-gateway").click()
    await user.should_see(marker="gateway-url")
    user.find(kind=ui.input, marker="gateway-name").type("Not A Name")
    user.find(marker="save-gateway").click()
    (name,) = user.find(kind=ui.input, marker="gateway-name").elements
    await until(lambda: "lower-case" in (name.error or ""))
