"""``dtf doctor``."""

import subprocess

import click

from dtf.cli.doctor.finding import Check, Finding, Health, fail
from dtf.cli.options import json_option
from dtf.cli.terminal.output import Output
from dtf.domain.codec import to_json
from dtf.domain.errors import DtfError
from dtf.domain.escape import one_line
from dtf.settings import Settings, load_settings, mask


@click.command("doctor")
@json_option
def command(as_json: bool) -> int:
    """Check this machine and the cluster, and say what to do.

    Exits with 0 when nothing that is needed fails, with 1 otherwise.
    """
    output = Output(json_mode=as_json)
    settings = load_settings()
    found = {}
    for name, check in _checks().items():
        finding = found[name] = examine(check, settings)
        output.line(f"{finding.health:<5} {name:<12} {one_line(mask(finding.text), 1000)}")
        if finding.advice:
            output.line(f"      {'':<12} -> {finding.advice}")
    failed = any(finding.health is Health.FAIL for finding in found.values())
    output.data({"ok": not failed, "checks": {name: to_json(finding) for name, finding in found.items()}})
    return 1 if failed else 0


def examine(check: Check, settings: Settings) -> Finding:
    """Run a check; what it raises is its finding."""
    try:
        return check(settings)
    except DtfError as error:
        return fail(mask(str(error)), "see the message")
    except subprocess.TimeoutExpired as error:
        return fail(f"{error.cmd[0]} did not answer within {error.timeout:.0f} s", "see what it is doing")
    except OSError as error:
        return fail(f"{error.strerror or error}", "see the message")


def _checks() -> dict[str, Check]:
    # SQLAlchemy and Celery: not for --help
    from dtf.cli.doctor import cluster, machine  # noqa: PLC0415

    return {
        "python": machine.check_python,
        "user": machine.check_user,
        "settings": cluster.check_settings,
        "state": machine.check_state_dir,
        "valkey": cluster.check_valkey,
        "database": cluster.check_database,
        "broker": cluster.check_message_broker,
        "coordinator": cluster.check_coordinator,
        "git": machine.check_git,
        "pytest": machine.check_pytest,
        "devices": machine.check_devices,
        "browsers": machine.check_browsers,
    }
