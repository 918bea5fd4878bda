"""Rows that tests and benchmarks of a studio without a gateway start from."""

from sqlmodel import Session

from nexdeck.models.agent import Agent
from nexdeck.models.deployment import Deployment
from nexdeck.models.gateway import Gateway, GatewayKind
from nexdeck.services.studio import Studio


async def stored_deployment(studio: Studio, name: str) -> Deployment:
    """A deployment of an agent of the same name, on a gateway where nothing answers."""
    token = studio.secrets.encrypt("token")
    local = Gateway(
        name="local", kind=GatewayKind.LOCAL, url="http://127.0.0.1:1", encrypted_token=token, created_by="test"
    )
    gateway = await studio.gateways.save_new(local)

    def write(session: Session) -> Deployment:
        agent = Agent(name=name, created_by="test")
        session.add(agent)
        session.flush()
        texts = {"api_endpoint": "", "cli_command": "", "version": "1.0.0", "deployed_by": "test"}
        deployment = Deployment(name=name, agent_id=agent.id, gateway_id=gateway.id, **texts)
        session.add(deployment)
        session.flush()
        return deployment

    return await studio.database.write(write)
