"""What a job may fall back on, where a shard belongs that waits elsewhere, and the events of breakers"""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('jobs', sa.Column('fallback', sa.Text(), server_default='', nullable=False))
    op.add_column('shards', sa.Column('home', sa.Text(), server_default='', nullable=False))
    is_away = sa.text("state = 'queued' AND home != ''")
    op.create_index(
        'ix_shards_away', 'shards', ['home'], unique=False, sqlite_where=is_away, postgresql_where=is_away
    )
    is_of_breaker = sa.text("kind = 'breaker_changed'")
    op.create_index(
        'ix_events_breakers',
        'events',
        ['subject'],
        unique=False,
        sqlite_where=is_of_breaker,
        postgresql_where=is_of_breaker,
    )
