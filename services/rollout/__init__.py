"""Changes to a deployment: asked for (``service``), carried out (``executor``) and kept true (``reconciler``)."""

DOORS = (
    "canary",
    "diff",
    "executor",
    "orphans",
    "reconciler",
    "requests",
    "revisions",
    "scratch_revisions",
    "service",
    "target",
)
