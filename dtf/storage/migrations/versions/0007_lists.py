"""The orders in which jobs are listed, which of them finished lately, and which workers were drained"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_jobs_created_at', 'jobs', ['created_at', 'job_id'], unique=False)
    op.create_index('ix_jobs_priority', 'jobs', ['priority', 'job_id'], unique=False)
    is_dated = sa.text('finished_at IS NOT NULL')
    op.create_index(
        'ix_jobs_finished_at', 'jobs', ['finished_at'], unique=False, sqlite_where=is_dated, postgresql_where=is_dated
    )
    is_handover = sa.text("kind = 'coordinator_changed'")
    op.create_index(
        'ix_events_handovers',
        'events',
        ['sequence'],
        unique=False,
        sqlite_where=is_handover,
        postgresql_where=is_handover,
    )
    op.add_column('workers', sa.Column('drained_at', sa.Double(), nullable=True))
