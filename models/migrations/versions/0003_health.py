"""health, its changes and samples, incidents, maintenance"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import nexdeck.models.base

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sqlmodel.sql.sqltypes.AutoString
TIME = nexdeck.models.base.UtcDateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "health_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject_id", TEXT(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column(
            "state",
            sa.Enum("unknown", "healthy", "degraded", "unhealthy", name="healthstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "cause",
            sa.Enum(
                "unreachable",
                "gateway",
                "absent",
                "errors",
                "slow",
                "synthetic",
                name="healthcause",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("reason", TEXT(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("health_change_of_subject", "health_change", ["subject_id", "at"])
    op.create_index("ix_health_change_at", "health_change", ["at"])

    op.create_table(
        "health_sample",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("subject_id", TEXT(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column(
            "state",
            sa.Enum("unknown", "healthy", "degraded", "unhealthy", name="healthstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("reason", TEXT(), nullable=False),
        sa.Column("probe_ms", sa.Float(), nullable=True),
        sa.Column("requests", sa.Integer(), nullable=True),
        sa.Column("errors", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("health_sample_of_subject", "health_sample", ["subject_id", "at"])
    op.create_index("ix_health_sample_at", "health_sample", ["at"])

    op.create_table(
        "health_standing",
        sa.Column("subject_id", TEXT(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("unknown", "healthy", "degraded", "unhealthy", name="healthstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "cause",
            sa.Enum(
                "unreachable",
                "gateway",
                "absent",
                "errors",
                "slow",
                "synthetic",
                name="healthcause",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("reason", TEXT(), nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("checked_at", TIME, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", TIME, nullable=True),
        sa.Column("successes", sa.Integer(), nullable=False),
        sa.Column("calm_windows", sa.Integer(), nullable=False),
        sa.Column("switches", sa.JSON(), nullable=False),
        sa.Column("flapping", sa.Boolean(), nullable=False),
        sa.Column("paused_at", TIME, nullable=True),
        sa.Column("paused_by", TEXT(), nullable=True),
        sa.Column("pause_reason", TEXT(), nullable=True),
        sa.PrimaryKeyConstraint("subject_id"),
    )
    op.create_table(
        "incident",
        sa.Column("id", TEXT(), nullable=False),
        sa.Column("organization_id", TEXT(), nullable=False),
        sa.Column("workspace_id", TEXT(), nullable=False),
        sa.Column(
            "cause",
            sa.Enum(
                "unreachable",
                "gateway",
                "absent",
                "errors",
                "slow",
                "synthetic",
                name="healthcause",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("cause_key", TEXT(), nullable=False),
        sa.Column("gateway_id", TEXT(), nullable=False),
        sa.Column("deployment_id", TEXT(), nullable=True),
        sa.Column(
            "severity", sa.Enum("warning", "critical", name="severity", native_enum=False, length=32), nullable=False
        ),
        sa.Column("title", TEXT(), nullable=False),
        sa.Column("reason", TEXT(), nullable=False),
        sa.Column("flapping", sa.Boolean(), nullable=False),
        sa.Column("opened_at", TIME, nullable=False),
        sa.Column("closed_at", TIME, nullable=True),
        sa.Column("acknowledged_at", TIME, nullable=True),
        sa.Column("acknowledged_by", TEXT(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "incident_open",
        "incident",
        ["cause_key"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index("ix_incident_deployment_id", "incident", ["deployment_id"])
    op.create_index("ix_incident_gateway_id", "incident", ["gateway_id"])
    op.create_index("ix_incident_opened_at", "incident", ["opened_at"])

    op.create_table(
        "maintenance_window",
        sa.Column("id", TEXT(), nullable=False),
        sa.Column("organization_id", TEXT(), nullable=False),
        sa.Column("workspace_id", TEXT(), nullable=False),
        sa.Column("subject_id", TEXT(), nullable=True),
        sa.Column("starts_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("reason", TEXT(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("created_by", TEXT(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_maintenance_window_ends_at", "maintenance_window", ["ends_at"])
    op.create_index("ix_maintenance_window_subject_id", "maintenance_window", ["subject_id"])

    op.create_table(
        "incident_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", TEXT(), nullable=False),
        sa.Column("at", TIME, nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "opened",
                "changed",
                "flapping",
                "acknowledged",
                "note",
                "closed",
                name="incidenteventkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "severity", sa.Enum("warning", "critical", name="severity", native_enum=False, length=32), nullable=False
        ),
        sa.Column("by", TEXT(), nullable=False),
        sa.Column("message", TEXT(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incident.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_incident_event_incident_id", "incident_event", ["incident_id"])

    op.create_table(
        "incident_deployment",
        sa.Column("incident_id", TEXT(), nullable=False),
        sa.Column("deployment_id", TEXT(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"],
            ["incident.id"],
        ),
        sa.PrimaryKeyConstraint("incident_id", "deployment_id"),
    )
    op.create_index("ix_incident_deployment_deployment_id", "incident_deployment", ["deployment_id"])


def downgrade() -> None:
    op.drop_table("incident_deployment")
    op.drop_table("incident_event")
    op.drop_table("maintenance_window")
    op.drop_table("incident")
    op.drop_table("health_standing")
    op.drop_table("health_sample")
    op.drop_table("health_change")
