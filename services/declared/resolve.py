"""Reads what the catalog and the deployments there are have to say to declarations."""

from dataclasses import dataclass

from sqlmodel import Session, select

from nexdeck.models.agent import Agent, AgentVersion
from nexdeck.models.declared import DEFAULT_GATEWAY, DeclaredDeployment, DeclaredState
from nexdeck.models.deployment import Deployment, DeploymentStatus, DesiredState, Revision
from nexdeck.models.gateway import Gateway
from nexdeck.models.options import DeploymentOptions
from nexdeck.services.catalog.service import find_version
from nexdeck.services.declared.source import Declaration
from nexdeck.services.deployments.journal import active_operation
from nexdeck.services.errors import Conflict, Fault, NotFound, SourceInvalid
from nexdeck.services.gateways.rows import find_gateway, present_gateways
from nexdeck.services.rollout.requests import revision_to_run
from nexdeck.services.rules.declared import Present, ResolvedDeployment
from nexdeck.services.rules.lifecycle import PUTS_LIVE


@dataclass(frozen=True)
class Resolved:
    declaration: Declaration
    wanted: ResolvedDeployment
    version: AgentVersion


def resolve(session: Session, declared: list[Declaration]) -> list[Resolved]:
    """Raises SourceInvalid with the place of every name that leads nowhere."""
    resolved: list[Resolved] = []
    faults: list[Fault] = []
    there = _rows_by_place(session)
    for each in declared:
        spec, place = each.spec, ("gateway",)
        try:
            gateway = _gateway_of(session, spec)
            place = ("agent",)
            version = find_version(session, spec.agent, None)
            place = ("version",)
            version = find_version(session, spec.agent, spec.version) if spec.version else version
        except (NotFound, Conflict) as error:
            faults.append(each.fault(place, error.message))
            continue
        row = there.get((gateway.id, spec.name)) if gateway else None
        if row is not None and row.agent_id != version.agent_id:
            other = session.get_one(Agent, row.agent_id).name
            message = f"{spec.name} is a deployment of {other}, and stays one; undeploy it, or choose another name"
            faults.append(each.fault(("agent",), message))
        if row is not None and row.desired_state is DesiredState.ABSENT:
            faults.append(each.fault(("name",), f"{spec.name} is being undeployed; try again when it is gone"))
        options = DeploymentOptions.model_validate(spec.options.model_dump())
        wanted = ResolvedDeployment(
            spec.name,
            gateway.name if gateway else spec.name,
            spec.agent,
            version.version,
            options,
            spec.state,
            spec.dedicated,
        )
        resolved.append(Resolved(each, wanted, version))
    raise_for(faults)
    return resolved


def _gateway_of(session: Session, spec: DeclaredDeployment) -> Gateway | None:
    """None for a dedicated one that is still to be made. Raises NotFound; Conflict where its name is taken."""
    if not spec.dedicated:
        return find_gateway(session, spec.gateway)
    if spec.gateway != DEFAULT_GATEWAY:
        raise Conflict("a dedicated gateway has the deployment's name; leave `gateway` out")
    gateway = session.exec(present_gateways().where(Gateway.name == spec.name)).first()
    if gateway is not None and gateway.dedicated_to is None:
        raise Conflict(f"there is a gateway named {spec.name} already, and it is not a dedicated one")
    return gateway


def _rows_by_place(session: Session) -> dict[tuple[str, str], Deployment]:
    rows = session.exec(select(Deployment).where(Deployment.undeployed_at.is_(None)))
    return {(row.gateway_id, row.name): row for row in rows}


def present_deployments(session: Session) -> list[Present]:
    """What there is and is meant to stay, by gateway and name."""
    rows = (
        select(Deployment, Agent.name, Gateway)
        .join(Agent, Agent.id == Deployment.agent_id)
        .join(Gateway, Gateway.id == Deployment.gateway_id)
        .where(Deployment.undeployed_at.is_(None), Deployment.desired_state != DesiredState.ABSENT)
        .order_by(Gateway.name, Deployment.name)
    )
    found = []
    for row, agent, gateway in session.exec(rows):
        revision = _revision_meant(session, row)
        options = DeploymentOptions.model_validate(revision.options)
        state, failed = DeclaredState(row.desired_state), row.status is DeploymentStatus.FAILED
        dedicated, version = gateway.dedicated_to == row.id, revision.version
        found.append(Present(row.id, row.name, gateway.name, agent, version, options, state, failed, dedicated))
    return found


def _revision_meant(session: Session, row: Deployment) -> Revision:
    """The revision that is on its way, else the one that runs or that a start would bring up."""
    operation = active_operation(session, row.id)
    if operation is None or operation.kind not in PUTS_LIVE:
        return revision_to_run(session, row)
    of_it = select(Revision).where(Revision.deployment_id == row.id, Revision.number == operation.revision)
    return session.exec(of_it).one()


def raise_for(faults: list[Fault]) -> None:
    if faults:
        raise SourceInvalid("What was declared cannot be applied; nothing was changed.", errors=faults)
