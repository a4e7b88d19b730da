"""The ledger"""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('blob_chunks',
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('data', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('digest', 'sequence', name=op.f('pk_blob_chunks'))
    )
    op.create_table('blobs',
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('created_at', sa.Double(), nullable=False),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_blobs'))
    )
    op.create_table('events',
    sa.Column('sequence', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('at', sa.Double(), nullable=False),
    sa.Column('delivered_at', sa.Double(), nullable=True),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.Column('data', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('sequence', name=op.f('pk_events'))
    )
    op.create_index('ix_events_pending', 'events', ['sequence'], unique=False, sqlite_where=sa.text('delivered_at IS NULL'), postgresql_where=sa.text('delivered_at IS NULL'))
    op.create_table('leader',
    sa.Column('number', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('holder', sa.Text(), nullable=False),
    sa.Column('term', sa.BigInteger(), nullable=False),
    sa.Column('expires_at', sa.Double(), nullable=False),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_leader'))
    )
    op.create_table('log_chunks',
    sa.Column('position', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.Column('shard_id', sa.Text(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('data', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('position', name=op.f('pk_log_chunks')),
    sa.UniqueConstraint('shard_id', 'attempt', 'sequence', name=op.f('uq_log_chunks_shard_id_attempt_sequence'))
    )
    op.create_index('ix_log_chunks_run', 'log_chunks', ['run_id', 'position'], unique=False)
    op.create_table('manifests',
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.Double(), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_manifests'))
    )
    op.create_table('runs',
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.Column('created_at', sa.Double(), nullable=False),
    sa.Column('started_at', sa.Double(), nullable=True),
    sa.Column('finished_at', sa.Double(), nullable=True),
    sa.Column('outcome', sa.Text(), nullable=True),
    sa.Column('deadline', sa.Double(), nullable=True),
    sa.Column('attached_until', sa.Double(), nullable=True),
    sa.Column('timeout_s', sa.Double(), nullable=True),
    sa.Column('ended_by', sa.Text(), nullable=True),
    sa.Column('cancel_outcome', sa.Text(), nullable=True),
    sa.Column('cancel_reason', sa.Text(), server_default='', nullable=False),
    sa.Column('jobs', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('idempotency_key', sa.Text(), nullable=True),
    sa.Column('spec_digest', sa.Text(), server_default='', nullable=False),
    sa.Column('name', sa.Text(), server_default='', nullable=False),
    sa.Column('reason', sa.Text(), server_default='', nullable=False),
    sa.Column('labels', sa.Text(), server_default='', nullable=False),
    sa.PrimaryKeyConstraint('run_id', name=op.f('pk_runs')),
    sa.UniqueConstraint('idempotency_key', name=op.f('uq_runs_idempotency_key'))
    )
    op.create_index('ix_runs_created_at', 'runs', ['created_at'], unique=False)
    op.create_index('ix_runs_open', 'runs', ['created_at'], unique=False, sqlite_where=sa.text('outcome IS NULL'), postgresql_where=sa.text('outcome IS NULL'))
    op.create_table('stale_results',
    sa.Column('number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('shard_id', sa.Text(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.Column('worker_id', sa.Text(), nullable=False),
    sa.Column('received_at', sa.Double(), nullable=False),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.Column('result_digest', sa.Text(), nullable=False),
    sa.Column('result', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('number', name=op.f('pk_stale_results')),
    sa.UniqueConstraint('shard_id', 'attempt', 'result_digest', name=op.f('uq_stale_results_shard_id_attempt_result_digest'))
    )
    op.create_index('ix_stale_results_run', 'stale_results', ['run_id'], unique=False)
    op.create_table('workers',
    sa.Column('worker_id', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('slots', sa.Integer(), nullable=False),
    sa.Column('pid', sa.BigInteger(), nullable=False),
    sa.Column('registered_at', sa.Double(), nullable=False),
    sa.Column('seen_at', sa.Double(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('host', sa.Text(), nullable=False),
    sa.Column('fingerprint', sa.Text(), nullable=False),
    sa.Column('version', sa.Text(), nullable=False),
    sa.Column('memory_bytes', sa.BigInteger(), nullable=False),
    sa.Column('cpu_count', sa.Integer(), nullable=False),
    sa.Column('queues', sa.Text(), nullable=False),
    sa.Column('tags', sa.Text(), nullable=False),
    sa.Column('load', sa.Text(), nullable=True),
    sa.PrimaryKeyConstraint('worker_id', name=op.f('pk_workers'))
    )
    op.create_index('ix_workers_state', 'workers', ['state', 'seen_at'], unique=False)
    op.create_table('devices',
    sa.Column('worker_id', sa.Text(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('uuid', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('simulated', sa.Boolean(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('details', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['worker_id'], ['workers.worker_id'], name=op.f('fk_devices_worker_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('worker_id', 'position', name=op.f('pk_devices'))
    )
    op.create_table('jobs',
    sa.Column('job_id', sa.Text(), nullable=False),
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('hardware', sa.Text(), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.Double(), nullable=False),
    sa.Column('started_at', sa.Double(), nullable=True),
    sa.Column('planned_at', sa.Double(), nullable=True),
    sa.Column('finished_at', sa.Double(), nullable=True),
    sa.Column('outcome', sa.Text(), nullable=True),
    sa.Column('cancel_outcome', sa.Text(), nullable=True),
    sa.Column('cancel_reason', sa.Text(), server_default='', nullable=False),
    sa.Column('manifest_digest', sa.Text(), nullable=True),
    sa.Column('expected', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('deselected', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('max_failures', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('max_retries', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('cases_passed', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('cases_failed', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('cases_skipped', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('cases_error', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('cases_xfailed', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('cases_xpassed', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('cases_timeout', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('cases_infra', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('name', sa.Text(), server_default='', nullable=False),
    sa.Column('reason', sa.Text(), server_default='', nullable=False),
    sa.Column('spec', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['manifest_digest'], ['manifests.digest'], name=op.f('fk_jobs_manifest_digest')),
    sa.ForeignKeyConstraint(['run_id'], ['runs.run_id'], name=op.f('fk_jobs_run_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('job_id', name=op.f('pk_jobs'))
    )
    op.create_index('ix_jobs_open', 'jobs', ['run_id', 'started_at'], unique=False, sqlite_where=sa.text("state != 'finished'"), postgresql_where=sa.text("state != 'finished'"))
    op.create_index('ix_jobs_planning', 'jobs', ['created_at'], unique=False, sqlite_where=sa.text("state = 'planning'"), postgresql_where=sa.text("state = 'planning'"))
    op.create_index('ix_jobs_run', 'jobs', ['run_id', 'position'], unique=False)
    op.create_index('ix_jobs_suite', 'jobs', ['name', 'hardware', 'created_at'], unique=False)
    op.create_index('ix_jobs_under_way', 'jobs', ['started_at'], unique=False, sqlite_where=sa.text("state != 'finished' AND started_at IS NOT NULL"), postgresql_where=sa.text("state != 'finished' AND started_at IS NOT NULL"))
    op.create_table('cases',
    sa.Column('job_id', sa.Text(), nullable=False),
    sa.Column('ordinal', sa.Integer(), nullable=False),
    sa.Column('shard_id', sa.Text(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('outcome', sa.Text(), nullable=False),
    sa.Column('phase', sa.Text(), nullable=False),
    sa.Column('duration_s', sa.Double(), nullable=False),
    sa.Column('started_at', sa.Double(), nullable=False),
    sa.Column('crashes', sa.Integer(), nullable=False),
    sa.Column('nodeid', sa.Text(), nullable=False),
    sa.Column('message', sa.Text(), nullable=False),
    sa.Column('details', sa.Text(), nullable=False),
    sa.Column('output', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['job_id'], ['jobs.job_id'], name=op.f('fk_cases_job_id'), ondelete='CASCADE'),
    sa.UniqueConstraint('job_id', 'ordinal', name='uq_cases_one_accepted')
    )
    op.create_index('ix_cases_outcome', 'cases', ['job_id', 'outcome', 'ordinal'], unique=False)
    op.create_table('shards',
    sa.Column('shard_id', sa.Text(), nullable=False),
    sa.Column('job_id', sa.Text(), nullable=False),
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.Column('queue', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('rank', sa.Integer(), nullable=False),
    sa.Column('attempt', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('crashes', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('predicted_s', sa.Double(), server_default='0', nullable=False),
    sa.Column('cases', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('queued_at', sa.Double(), nullable=False),
    sa.Column('not_before', sa.Double(), server_default='0', nullable=False),
    sa.Column('hinted_at', sa.Double(), nullable=True),
    sa.Column('claimed_at', sa.Double(), nullable=True),
    sa.Column('lease_until', sa.Double(), nullable=True),
    sa.Column('finished_at', sa.Double(), nullable=True),
    sa.Column('worker_id', sa.Text(), nullable=True),
    sa.Column('slot', sa.Integer(), nullable=True),
    sa.Column('done', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('failed', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('cancel_reason', sa.Text(), nullable=True),
    sa.Column('outcome', sa.Text(), nullable=True),
    sa.Column('affinity', sa.Text(), server_default='', nullable=False),
    sa.Column('reason', sa.Text(), server_default='', nullable=False),
    sa.Column('ordinals', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['job_id'], ['jobs.job_id'], name=op.f('fk_shards_job_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('shard_id', name=op.f('pk_shards'))
    )
    op.create_index('ix_shards_hinted', 'shards', ['hinted_at'], unique=False, sqlite_where=sa.text("state = 'queued' AND hinted_at IS NOT NULL"), postgresql_where=sa.text("state = 'queued' AND hinted_at IS NOT NULL"))
    op.create_index('ix_shards_job', 'shards', ['job_id', 'rank'], unique=False)
    op.create_index('ix_shards_lease', 'shards', ['lease_until'], unique=False, sqlite_where=sa.text("state = 'claimed'"), postgresql_where=sa.text("state = 'claimed'"))
    op.create_index('ix_shards_open', 'shards', ['job_id', 'affinity', 'rank'], unique=False, sqlite_where=sa.text("state != 'finished'"), postgresql_where=sa.text("state != 'finished'"))
    op.create_index('ix_shards_run', 'shards', ['run_id', 'state'], unique=False)
    op.create_index('ix_shards_waiting', 'shards', ['queue', sa.literal_column('priority DESC'), 'rank', 'queued_at'], unique=False, sqlite_where=sa.text("state = 'queued'"), postgresql_where=sa.text("state = 'queued'"))
    op.create_index('ix_shards_worker', 'shards', ['worker_id'], unique=False, sqlite_where=sa.text("state = 'claimed'"), postgresql_where=sa.text("state = 'claimed'"))
    op.create_table('attempts',
    sa.Column('shard_id', sa.Text(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('job_id', sa.Text(), nullable=False),
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.Column('worker_id', sa.Text(), nullable=False),
    sa.Column('slot', sa.Integer(), nullable=False),
    sa.Column('claimed_at', sa.Double(), nullable=False),
    sa.Column('recorded_at', sa.Double(), nullable=True),
    sa.Column('outcome', sa.Text(), nullable=True),
    sa.Column('result_digest', sa.Text(), nullable=True),
    sa.Column('started_at', sa.Double(), nullable=True),
    sa.Column('duration_s', sa.Double(), nullable=True),
    sa.Column('cpu_s', sa.Double(), nullable=True),
    sa.Column('max_rss_bytes', sa.BigInteger(), nullable=True),
    sa.Column('exit_code', sa.BigInteger(), nullable=True),
    sa.Column('signal', sa.BigInteger(), nullable=True),
    sa.Column('crashed', sa.Boolean(), nullable=True),
    sa.Column('cases', sa.BigInteger(), server_default='0', nullable=False),
    sa.Column('reason', sa.Text(), server_default='', nullable=False),
    sa.Column('proof', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['shard_id'], ['shards.shard_id'], name=op.f('fk_attempts_shard_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('shard_id', 'attempt', name=op.f('pk_attempts'))
    )
    op.create_index('ix_attempts_run', 'attempts', ['run_id', 'claimed_at'], unique=False)
    op.create_index('ix_attempts_worker', 'attempts', ['worker_id', 'claimed_at'], unique=False)
    op.create_table('artifacts',
    sa.Column('shard_id', sa.Text(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('run_id', sa.Text(), nullable=False),
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.Text(), server_default='', nullable=False),
    sa.Column('media_type', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['shard_id', 'attempt'], ['attempts.shard_id', 'attempts.attempt'], name=op.f('fk_artifacts_shard_id_attempt'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('shard_id', 'attempt', 'position', name=op.f('pk_artifacts'))
    )
    op.create_index('ix_artifacts_run', 'artifacts', ['run_id'], unique=False)
    op.create_table('metrics',
    sa.Column('shard_id', sa.Text(), nullable=False),
    sa.Column('attempt', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('value', sa.Double(), nullable=True),
    sa.Column('name', sa.Text(), server_default='', nullable=False),
    sa.Column('unit', sa.Text(), server_default='', nullable=False),
    sa.Column('note', sa.Text(), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['shard_id', 'attempt'], ['attempts.shard_id', 'attempts.attempt'], name=op.f('fk_metrics_shard_id_attempt'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('shard_id', 'attempt', 'position', name=op.f('pk_metrics'))
    )


def downgrade() -> None:
    op.drop_table('metrics')
    op.drop_index('ix_artifacts_run', table_name='artifacts')
    op.drop_table('artifacts')
    op.drop_index('ix_attempts_worker', table_name='attempts')
    op.drop_index('ix_attempts_run', table_name='attempts')
    op.drop_table('attempts')
    op.drop_index('ix_shards_worker', table_name='shards', sqlite_where=sa.text("state = 'claimed'"), postgresql_where=sa.text("state = 'claimed'"))
    op.drop_index('ix_shards_waiting', table_name='shards', sqlite_where=sa.text("state = 'queued'"), postgresql_where=sa.text("state = 'queued'"))
    op.drop_index('ix_shards_run', table_name='shards')
    op.drop_index('ix_shards_open', table_name='shards', sqlite_where=sa.text("state != 'finished'"), postgresql_where=sa.text("state != 'finished'"))
    op.drop_index('ix_shards_lease', table_name='shards', sqlite_where=sa.text("state = 'claimed'"), postgresql_where=sa.text("state = 'claimed'"))
    op.drop_index('ix_shards_job', table_name='shards')
    op.drop_index('ix_shards_hinted', table_name='shards', sqlite_where=sa.text("state = 'queued' AND hinted_at IS NOT NULL"), postgresql_where=sa.text("state = 'queued' AND hinted_at IS NOT NULL"))
    op.drop_table('shards')
    op.drop_index('ix_cases_outcome', table_name='cases')
    op.drop_table('cases')
    op.drop_index('ix_jobs_under_way', table_name='jobs', sqlite_where=sa.text("state != 'finished' AND started_at IS NOT NULL"), postgresql_where=sa.text("state != 'finished' AND started_at IS NOT NULL"))
    op.drop_index('ix_jobs_suite', table_name='jobs')
    op.drop_index('ix_jobs_run', table_name='jobs')
    op.drop_index('ix_jobs_planning', table_name='jobs', sqlite_where=sa.text("state = 'planning'"), postgresql_where=sa.text("state = 'planning'"))
    op.drop_index('ix_jobs_open', table_name='jobs', sqlite_where=sa.text("state != 'finished'"), postgresql_where=sa.text("state != 'finished'"))
    op.drop_table('jobs')
    op.drop_table('devices')
    op.drop_index('ix_workers_state', table_name='workers')
    op.drop_table('workers')
    op.drop_index('ix_stale_results_run', table_name='stale_results')
    op.drop_table('stale_results')
    op.drop_index('ix_runs_open', table_name='runs', sqlite_where=sa.text('outcome IS NULL'), postgresql_where=sa.text('outcome IS NULL'))
    op.drop_index('ix_runs_created_at', table_name='runs')
    op.drop_table('runs')
    op.drop_table('manifests')
    op.drop_index('ix_log_chunks_run', table_name='log_chunks')
    op.drop_table('log_chunks')
    op.drop_table('leader')
    op.drop_index('ix_events_pending', table_name='events', sqlite_where=sa.text('delivered_at IS NULL'), postgresql_where=sa.text('delivered_at IS NULL'))
    op.drop_table('events')
    op.drop_table('blobs')
    op.drop_table('blob_chunks')
