"""What each setting is called, may be, and means."""

from dtf.settings.breaker_fields import BREAKER_SETTINGS
from dtf.settings.setting import Setting, Value, number, path, url, whole_number, words

__all__ = ["BY_NAME", "BY_VARIABLE", "SETTINGS", "Setting", "Value"]

_MIB = 2**20
_BROKERS = ("redis", "rediss", "sentinel")
_DATABASES = ("postgresql+psycopg2", "postgresql", "postgres", "sqlite")

#: Every setting there is, in the order in which they are shown.
SETTINGS = (
    Setting(
        name="state_dir",
        help="Where the embedded cluster keeps its ledger, sockets and logs.",
        default=None,
        parse=path,
    ),
    Setting(
        name="broker_url",
        help="The Redis-protocol server of a cluster; unset: the embedded one.",
        default=None,
        parse=url(*_BROKERS),
    ),
    Setting(
        name="database_url",
        help="The database of a cluster; unset: the embedded one.",
        default=None,
        parse=url(*_DATABASES),
    ),
    Setting(
        name="lease_s",
        help="How long a claim holds without renewal, in seconds.",
        default=30.0,
        parse=number(1, 3600),
    ),
    Setting(
        name="leader_lease_s",
        help="How long a coordinator leads without renewal, in seconds.",
        default=10.0,
        parse=number(1, 600),
    ),
    Setting(
        name="coordinator_interval_s",
        help="The time between two rounds of the coordinator, in seconds.",
        default=0.2,
        parse=number(0.01, 60),
    ),
    Setting(
        name="poll_s",
        help="How often a worker asks whether its claims still hold or are cancelled, in seconds.",
        default=2.0,
        parse=number(0.05, 600),
    ),
    Setting(
        name="heartbeat_s",
        help="How often a worker reports its load, in seconds.",
        default=5.0,
        parse=number(0.1, 600),
    ),
    Setting(
        name="worker_silent_s",
        help="After how many seconds of silence a worker counts as offline.",
        default=30.0,
        parse=number(1, 3600),
    ),
    Setting(
        name="attached_s",
        help="After how many seconds of silence a run whose command ended is cancelled.",
        default=15.0,
        parse=number(2, 3600),
    ),
    Setting(
        name="window_s",
        help="How many seconds of predicted work for each slot are handed out ahead.",
        default=1.0,
        parse=number(0.01, 3600),
    ),
    Setting(
        name="output_cap_bytes",
        help="How much captured output of one test is kept.",
        default=65536,
        parse=whole_number(1024, 64 * _MIB),
    ),
    Setting(
        name="log_cap_bytes",
        help="How much log of one attempt is kept.",
        default=10 * _MIB,
        parse=whole_number(4096, 1024 * _MIB),
    ),
    Setting(
        name="artifact_cap_bytes",
        help="How many bytes of artifacts one attempt may leave.",
        default=100 * _MIB,
        parse=whole_number(0, 100 * 1024 * _MIB),
    ),
    Setting(
        name="bundle_cap_bytes",
        help="How big a packed source may be.",
        default=200 * _MIB,
        parse=whole_number(1024, 10 * 1024 * _MIB),
    ),
    Setting(
        name="worker_tags",
        help="Free tags that a worker started here registers, separated by commas.",
        default="",
        parse=words,
    ),
    Setting(
        name="worker_devices",
        help="UUIDs of the devices that a worker started here uses beside the CPU, separated by commas; empty: all.",
        default="",
        parse=words,
    ),
    Setting(
        name="device_share_gb",
        help="How much of a device's memory one slot has, in GB; several slots then share a device; 0: all of it.",
        default=0.0,
        parse=number(0, 10_000),
    ),
    Setting(
        name="simulate_devices",
        help="Devices that a worker started here has by declaration only, such as cuda:4; marked wherever shown.",
        default="",
        parse=words,
    ),
    Setting(
        name="browsers",
        help="Browsers beside those that are found: paths of programs, or NAME=PATH, separated by commas.",
        default="",
        parse=words,
    ),
    Setting(
        name="web_assets",
        help="A node_modules directory with what browser jobs and the dashboard load; unset: what came with dtf.",
        default=None,
        parse=path,
    ),
    *BREAKER_SETTINGS,
)

BY_NAME = {setting.name: setting for setting in SETTINGS}
BY_VARIABLE = {setting.variable: setting for setting in SETTINGS}
