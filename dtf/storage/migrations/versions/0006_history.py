"""How the laboratory's figures went over time, and which coordinators live"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        'samples',
        sa.Column('series', sa.Text().with_variant(sa.Text(collation='C'), 'postgresql'), nullable=False),
        sa.Column('resolution_s', sa.Integer(), nullable=False),
        sa.Column('at', sa.Double(), nullable=False),
        sa.Column('mean', sa.Double(), nullable=False),
        sa.Column('low', sa.Double(), nullable=False),
        sa.Column('high', sa.Double(), nullable=False),
        sa.Column('count', sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint('series', 'resolution_s', 'at', name=op.f('pk_samples')),
        sqlite_with_rowid=False,
    )
    op.create_index('ix_samples_age', 'samples', ['resolution_s', 'at'], unique=False)
    op.create_table(
        'coordinators',
        sa.Column('holder', sa.Text(), nullable=False),
        sa.Column('host', sa.Text(), nullable=False),
        sa.Column('pid', sa.BigInteger(), nullable=False),
        sa.Column('started_at', sa.Double(), nullable=False),
        sa.Column('seen_at', sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint('holder', name=op.f('pk_coordinators')),
    )
    is_injection = sa.text("kind = 'failure_injected'")
    op.create_index(
        'ix_events_injections',
        'events',
        ['sequence'],
        unique=False,
        sqlite_where=is_injection,
        postgresql_where=is_injection,
    )
