"""What a worker's slots own, and what a test recorded"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('workers', sa.Column('slot_table', sa.Text(), server_default='[]', nullable=False))
    op.add_column('cases', sa.Column('properties', sa.Text(), server_default='', nullable=False))
