"""The ledger: all its ports over one database."""

from dtf.storage.database import Database
from dtf.storage.ledger.blobs import LedgerBlobs
from dtf.storage.ledger.breaker_journal import LedgerBreakerJournal
from dtf.storage.ledger.control import LedgerControl
from dtf.storage.ledger.fallbacks import LedgerFallbacks
from dtf.storage.ledger.fates import LedgerFates
from dtf.storage.ledger.injections import LedgerInjections
from dtf.storage.ledger.leadership import LedgerLeadership
from dtf.storage.ledger.listing import LedgerListing
from dtf.storage.ledger.monitoring import LedgerMonitor
from dtf.storage.ledger.recoveries import LedgerRecoveries
from dtf.storage.ledger.samples import LedgerSamples
from dtf.storage.ledger.shards import LedgerShards
from dtf.storage.ledger.snapshots import LedgerSnapshots
from dtf.storage.ledger.submissions import LedgerSubmissions
from dtf.storage.ledger.views import LedgerViews
from dtf.storage.ledger.workers import LedgerWorkers


class Ledger:
    """The tables that are the truth.

    It may be used by several threads, and after a fork: each process gets connections of its own.

    Attributes:
        database: The database that holds it.
        submissions: How runs come in and are called off.
        shards: How attempts begin, live and end.
        leadership: Who coordinates.
        control: What the leading coordinator reads and writes.
        workers: Where workers are known.
        blobs: Bundles and artifacts.
        views: What commands and pages read.
        breakers: The events of circuit breakers.
        fallbacks: Where work goes while the breakers of its own hardware are open.
        injections: The failures that jobs met on purpose.
        recoveries: What was done about failures.
        snapshots: What learners keep over a restart.
        listing: Its records, page by page.
        monitor: All of a moment in one look.
        samples: How figures went over time.
        fates: What became of shards, by their ids.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.submissions = LedgerSubmissions(database)
        self.shards = LedgerShards(database)
        self.leadership = LedgerLeadership(database)
        self.control = LedgerControl(database)
        self.workers = LedgerWorkers(database)
        self.blobs = LedgerBlobs(database)
        self.views = LedgerViews(database)
        self.breakers = LedgerBreakerJournal(database)
        self.fallbacks = LedgerFallbacks(database)
        self.injections = LedgerInjections(database)
        self.recoveries = LedgerRecoveries(database)
        self.snapshots = LedgerSnapshots(database)
        self.listing = LedgerListing(database)
        self.monitor = LedgerMonitor(database)
        self.samples = LedgerSamples(database)
        self.fates = LedgerFates(database)

    def close(self) -> None:
        """Close all connections."""
        self.database.close()


def open_ledger(url: str) -> Ledger:
    """Open the ledger in a database whose schema is current (``dtf.storage.migrate``); connects when first used.

    Args:
        url: ``sqlite:////path`` or ``postgresql://...``.

    Raises:
        SettingsError: The URL is of neither kind.
    """
    return Ledger(Database(url))
