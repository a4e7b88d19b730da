"""What was done about failures, and what was learned from it"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('shards', sa.Column('refunds', sa.BigInteger(), server_default='0', nullable=False))
    op.add_column('shards', sa.Column('action', sa.Text(), server_default='', nullable=False))
    op.add_column('shards', sa.Column('avoid', sa.Text(), server_default='[]', nullable=False))
    op.add_column('attempts', sa.Column('counted', sa.Boolean()))
    op.add_column('attempts', sa.Column('level', sa.BigInteger(), server_default='0', nullable=False))
    op.add_column('attempts', sa.Column('action', sa.Text(), server_default='', nullable=False))
    op.add_column('attempts', sa.Column('failure', sa.Text(), server_default='', nullable=False))
    op.create_table(
        'recoveries',
        sa.Column(
            'number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False
        ),
        sa.Column('at', sa.Double(), nullable=False),
        sa.Column('time_s', sa.Double(), nullable=False),
        sa.Column('resource_s', sa.Double(), nullable=False),
        sa.Column('level', sa.Integer(), nullable=False),
        sa.Column('impact', sa.Integer(), nullable=False),
        sa.Column('attempt', sa.Integer(), nullable=False),
        sa.Column('succeeded', sa.Boolean(), nullable=False),
        sa.Column('stable', sa.Boolean(), nullable=True),
        sa.Column('job_recovered', sa.Boolean(), nullable=True),
        sa.Column('hardware', sa.Text(), nullable=False),
        sa.Column('name', sa.Text(), nullable=False),
        sa.Column('failure', sa.Text(), nullable=False),
        sa.Column('action', sa.Text(), nullable=False),
        sa.Column('worker_id', sa.Text(), nullable=False),
        sa.Column('shard_id', sa.Text(), nullable=False),
        sa.Column('reason', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('number', name=op.f('pk_recoveries')),
    )
    op.create_index('ix_recoveries_target', 'recoveries', ['hardware', 'name', 'at'], unique=False)
    op.create_index('ix_recoveries_shard', 'recoveries', ['shard_id'], unique=False)
    op.create_table(
        'learned',
        sa.Column('key', sa.Text(), nullable=False),
        sa.Column('updated_at', sa.Double(), nullable=False),
        sa.Column('value', sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint('key', name=op.f('pk_learned')),
    )
