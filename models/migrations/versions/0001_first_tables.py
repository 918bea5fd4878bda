"""first tables"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

import nexdeck.models.base

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "agent",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("organization_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("workspace_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", nexdeck.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("workspace_id", "name"),
    )
    op.create_table(
        "gateway",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("organization_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("workspace_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("kind", sa.Enum("local", "remote", name="gatewaykind", native_enum=False, length=32), nullable=False),
        sa.Column("url", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("encrypted_token", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("unknown", "online", "offline", name="gatewaystatus", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("status_reason", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("version", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("boot_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("last_seen_at", nexdeck.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("created_at", nexdeck.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("workspace_id", "name"),
    )
    op.create_table(
        "secret",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("organization_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("workspace_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("encrypted_value", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("updated_at", nexdeck.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("workspace_id", "name"),
    )
    op.create_table(
        "agent_version",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("agent_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("version", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("declarative", "python", "orchestration", name="agentkind", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("filename", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("module", sa.Text(), nullable=False),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("description", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("input_schema", sa.JSON(), nullable=False),
        sa.Column("output_schema", sa.JSON(), nullable=False),
        sa.Column("sample", sa.JSON(), nullable=True),
        sa.Column("secrets", sa.JSON(), nullable=False),
        sa.Column("provider", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("created_at", nexdeck.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"],
            ["agent.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("agent_id", "version"),
    )
    with op.batch_alter_table("agent_version", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_agent_version_agent_id"), ["agent_id"], unique=False)

    op.create_table(
        "deployment",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("organization_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("workspace_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("agent_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("orchestration_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("version", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("gateway_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "deploying",
                "running",
                "stopped",
                "failed",
                name="deploymentstatus",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("deployed_at", nexdeck.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("deployed_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("stopped_at", nexdeck.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("api_endpoint", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("cli_command", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("mcp_endpoint", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("last_health_check", nexdeck.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column(
            "health_status",
            sa.Enum("unknown", "healthy", "degraded", "unhealthy", name="healthstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("error_message", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("request_count", sa.Integer(), nullable=False),
        sa.Column("error_count", sa.Integer(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "desired_state",
            sa.Enum("running", "stopped", "absent", name="desiredstate", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("live_revision", sa.Integer(), nullable=True),
        sa.Column("undeployed_at", nexdeck.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("health_reason", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("latency_ms_sum", sa.Float(), nullable=False),
        sa.Column("counted_boot_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("counted_requests", sa.Integer(), nullable=False),
        sa.Column("counted_errors", sa.Integer(), nullable=False),
        sa.Column("counted_latency_ms", sa.Float(), nullable=False),
        sa.Column("created_at", nexdeck.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", nexdeck.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agent_id"],
            ["agent.id"],
        ),
        sa.ForeignKeyConstraint(
            ["gateway_id"],
            ["gateway.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("deployment", schema=None) as batch_op:
        batch_op.create_index(
            "deployment_name_on_gateway",
            ["gateway_id", "name"],
            unique=True,
            sqlite_where=sa.text("undeployed_at IS NULL"),
            postgresql_where=sa.text("undeployed_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_deployment_agent_id"), ["agent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_deployment_gateway_id"), ["gateway_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_deployment_name"), ["name"], unique=False)
        batch_op.create_index(batch_op.f("ix_deployment_status"), ["status"], unique=False)
        batch_op.create_index(batch_op.f("ix_deployment_updated_at"), ["updated_at"], unique=False)

    op.create_table(
        "deployment_key",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("deployment_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("prefix", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("key_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", nexdeck.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("revoked_at", nexdeck.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployment.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("deployment_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_deployment_key_deployment_id"), ["deployment_id"], unique=False)

    op.create_table(
        "operation",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("deployment_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "deploy",
                "redeploy",
                "rollback",
                "stop",
                "start",
                "restart",
                "undeploy",
                name="operationkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "running", "succeeded", "failed", "cancelled", name="operationstatus", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("revision", sa.Integer(), nullable=True),
        sa.Column("requested_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", nexdeck.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("deadline_at", nexdeck.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("lease_until", nexdeck.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", nexdeck.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("error", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployment.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("operation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_operation_deployment_id"), ["deployment_id"], unique=False)
        batch_op.create_index(
            "operation_active",
            ["deployment_id"],
            unique=True,
            sqlite_where=sa.text("status = 'running'"),
            postgresql_where=sa.text("status = 'running'"),
        )

    op.create_table(
        "revision",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("deployment_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("version", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("sha256", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("options", sa.JSON(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("proven_at", nexdeck.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("failed_at", nexdeck.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("error", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("created_at", nexdeck.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["agent_version.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("deployment_id", "number"),
    )
    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_revision_deployment_id"), ["deployment_id"], unique=False)

    op.create_table(
        "operation_step",
        sa.Column("operation_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending", "running", "succeeded", "failed", "skipped", name="stepstatus", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("started_at", nexdeck.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", nexdeck.models.base.UtcDateTime(timezone=True), nullable=True),
        sa.Column("message", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(
            ["operation_id"],
            ["operation.id"],
        ),
        sa.PrimaryKeyConstraint("operation_id", "position"),
    )
    op.create_table(
        "status_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deployment_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("operation_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("at", nexdeck.models.base.UtcDateTime(timezone=True), nullable=False),
        sa.Column("event", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column(
            "from_status",
            sa.Enum(
                "pending",
                "deploying",
                "running",
                "stopped",
                "failed",
                name="deploymentstatus",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "to_status",
            sa.Enum(
                "pending",
                "deploying",
                "running",
                "stopped",
                "failed",
                name="deploymentstatus",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("message", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(
            ["deployment_id"],
            ["deployment.id"],
        ),
        sa.ForeignKeyConstraint(
            ["operation_id"],
            ["operation.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("status_change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_status_change_deployment_id"), ["deployment_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("status_change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_status_change_deployment_id"))

    op.drop_table("status_change")
    op.drop_table("operation_step")
    with op.batch_alter_table("revision", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_revision_deployment_id"))

    op.drop_table("revision")
    with op.batch_alter_table("operation", schema=None) as batch_op:
        batch_op.drop_index(
            "operation_active",
            sqlite_where=sa.text("status = 'running'"),
            postgresql_where=sa.text("status = 'running'"),
        )
        batch_op.drop_index(batch_op.f("ix_operation_deployment_id"))

    op.drop_table("operation")
    with op.batch_alter_table("deployment_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deployment_key_deployment_id"))

    op.drop_table("deployment_key")
    with op.batch_alter_table("deployment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_deployment_updated_at"))
        batch_op.drop_index(batch_op.f("ix_deployment_status"))
        batch_op.drop_index(batch_op.f("ix_deployment_name"))
        batch_op.drop_index(batch_op.f("ix_deployment_gateway_id"))
        batch_op.drop_index(batch_op.f("ix_deployment_agent_id"))
        batch_op.drop_index(
            "deployment_name_on_gateway",
            sqlite_where=sa.text("undeployed_at IS NULL"),
            postgresql_where=sa.text("undeployed_at IS NULL"),
        )

    op.drop_table("deployment")
    with op.batch_alter_table("agent_version", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_agent_version_agent_id"))

    op.drop_table("agent_version")
    op.drop_table("secret")
    op.drop_table("gateway")
    op.drop_table("agent")
