"""Makes calls again from the list of requests: on what is live, or on an earlier revision."""

from nexdeck.pages.components.requests.replay_panel import ReplayPanel
from nexdeck.pages.components.widgets.fields import choice_field
from nexdeck.pages.components.widgets.modal import Modal
from nexdeck.services.calls.replays import ReplayRequest
from nexdeck.services.deployments.views import DeploymentDetail
from nexdeck.services.studio import Studio

LIVE = 0


def open_replay_dialog(studio: Studio, detail: DeploymentDetail, calls: list[str] | None = None) -> None:
    """``calls``: the ids of those to make again; none: the last ones."""
    note = "To try a version before it is redeployed, open Redeploy: the same is offered there."
    modal = Modal("Replay this request" if calls else "Replay requests", note, width="wide")
    live = detail.summary.deployment.live_revision
    targets = {LIVE: f"what is live (revision {live})"}
    targets |= {
        r.number: f"revision {r.number}, {r.version}" for r in detail.revisions if r.number != live and r.proven_at
    }
    with modal.body:
        target = choice_field("Against", targets, LIVE).mark("replay-target")
        deployment_id = detail.summary.deployment.id
        panel = ReplayPanel(studio, deployment_id, lambda: ReplayRequest(revision=target.value or None), calls)
        panel.offer_live(False)
        target.on_value_change(lambda event: panel.offer_live(event.value != LIVE))
    with modal.foot:
        modal.cancel_button("Close")
    modal.open()
