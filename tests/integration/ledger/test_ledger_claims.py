from tests.integration.ledger.laboratory import Laboratory, command


def test_a_moment_has_what_the_slots_run(lab: Laboratory) -> None:
    """A claimed shard stands there with its job, worker and slot until it is over; a waiting one does not."""
    lab.submit(command("first"), command("second"))
    assert lab.ledger.monitor.moment().claims == []
    shard = lab.claim(worker_id="w7")
    moment = lab.ledger.monitor.moment()
    (found,) = moment.claims
    assert (found.shard_id, found.attempt, found.job_id, found.run_id) == (shard.shard_id, 1, shard.job_id, lab.run_id)
    assert (found.worker_id, found.slot, found.queue) == ("w7", 0, "cpu")
    assert found.name in ("first", "second")
    assert 0 <= moment.as_of - found.claimed_at < 60
