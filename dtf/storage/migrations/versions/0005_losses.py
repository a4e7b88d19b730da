"""How often a shard was given back because its worker went away"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('shards', sa.Column('losses', sa.BigInteger(), server_default='0', nullable=False))
