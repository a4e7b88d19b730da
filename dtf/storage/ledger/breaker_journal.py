"""The events of circuit breakers, each once, over the ledger's tables."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from dtf.domain.breaker import BreakerMode, Target, Transition
from dtf.domain.events import EventKind
from dtf.domain.ports.breakers import BreakerJournal, Order, Told
from dtf.domain.ports.control import Term
from dtf.storage.database import Database, now
from dtf.storage.ledger import outbox
from dtf.storage.ledger.json_text import dump, load
from dtf.storage.ledger.leadership import fence
from dtf.storage.ledger.recovery_schema import learned
from dtf.storage.ledger.service_schema import events, is_of_breaker
from dtf.storage.ledger.upsert import insert_into
from dtf.storage.sanitiser import NAME_CAP, clean_text

#: What the names begin with under which the last transition of each breaker is kept.
_PREFIX = "breaker "
#: The same for the last order of an operator.
_ORDER = "order "


class LedgerBreakerJournal(BreakerJournal):
    """Writes a breaker's transitions in the transaction in which it notes how far it has come."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def told(self) -> Mapping[Target, Told]:
        """The last transition of each breaker that the ledger has."""
        return self._database.read(_told)

    def tell(self, term: Term, transitions: Iterable[Transition]) -> int:
        """Write those that the ledger does not have as events; return how many there were."""
        found = [_clean(transition) for transition in transitions]

        def work(connection: Connection) -> int:
            fence(connection, term)
            known = dict(_told(connection))
            count = 0
            for transition in found:
                last = known.get(transition.target)
                if last is None or last.is_news(transition):
                    known[transition.target] = _write(connection, transition)
                    count += 1
            return count

        return self._database.write(work) if found else 0

    def tell_mode(self, target: Target, mode: BreakerMode, reason: str) -> int:
        """Write as an event that an operator decided; return the order's number, which is that of the event."""
        data = {**_of(target), "mode": mode.value, "reason": clean_text(reason)}
        subject = clean_text(str(target), NAME_CAP)
        key = clean_text(_ORDER + str(target), NAME_CAP)

        def work(connection: Connection) -> int:
            # two operators take turns, so that the higher number is what stays
            connection.execute(sa.select(learned.c.key).where(learned.c.key == key).with_for_update())
            number = outbox.tell(connection, EventKind.BREAKER_CHANGED, subject, data=data)
            _keep(connection, key, dump({**data, "number": number}))
            return number

        return self._database.write(work)

    def orders(self) -> Mapping[Target, Order]:
        """The last order for each breaker that an operator ever took in hand."""
        wanted = sa.select(learned.c.value).where(learned.c.key.startswith(_ORDER, autoescape=True))
        found = self._database.read(lambda connection: connection.scalars(wanted).all())
        return dict(_read_order(load(text)) for text in found)

    def tell_restored(self, term: Term, target: Target, order: Order) -> None:
        """Write as an event that an order was carried out once more."""
        data = {**_of(target), "restored": order.mode.value, "reason": clean_text(order.reason)}
        subject = clean_text(str(target), NAME_CAP)

        def work(connection: Connection) -> None:
            fence(connection, term)
            outbox.tell(connection, EventKind.BREAKER_CHANGED, subject, data=data)

        self._database.write(work)

    def keep(self, term: Term, key: str, value: str) -> None:
        """Keep a text in place of what was kept under the name."""

        def work(connection: Connection) -> None:
            fence(connection, term)
            _keep(connection, key, value)

        self._database.write(work)

    def kept(self, key: str) -> str | None:
        """What is kept under a name; None: nothing."""
        wanted = sa.select(learned.c.value).where(learned.c.key == key)
        return self._database.read(lambda connection: connection.scalar(wanted))

    def history(self, target: Target, limit: int = 50) -> Sequence[Mapping[str, object]]:
        """The latest events of a breaker, the oldest of them first, in JSON's types, with ``at``."""
        wanted = (
            sa.select(events.c.at, events.c.data)
            .where(is_of_breaker, events.c.subject == clean_text(str(target), NAME_CAP))
            .order_by(events.c.sequence.desc())
            .limit(limit)
        )
        found = self._database.read(lambda connection: connection.execute(wanted).all())
        return [{"at": row.at, **load(row.data)} for row in reversed(found)]


def _told(connection: Connection) -> dict[Target, Told]:
    wanted = sa.select(learned.c.value).where(learned.c.key.startswith(_PREFIX, autoescape=True))
    return dict(_read(load(text)) for text in connection.scalars(wanted))


def _read(data: Mapping[str, Any]) -> tuple[Target, Told]:
    target = Target(hardware=data["hardware"], name=data["name"])
    return target, Told(epoch=data["epoch"], at=data["at"], reason=data["reason"])


def _read_order(data: Mapping[str, Any]) -> tuple[Target, Order]:
    target = Target(hardware=data["hardware"], name=data["name"])
    return target, Order(number=data["number"], mode=BreakerMode(data["mode"]), reason=data["reason"])


def _write(connection: Connection, transition: Transition) -> Told:
    told = Told(epoch=transition.epoch, at=transition.at, reason=transition.reason)
    data = {**_of(transition.target), "epoch": told.epoch, "at": told.at, "reason": told.reason}
    _keep(connection, clean_text(_PREFIX + str(transition.target), NAME_CAP), dump(data))
    details = {
        **_of(transition.target),
        "before": transition.before.value,
        "after": transition.after.value,
        "reason": told.reason,
        "epoch": told.epoch,
        "changed_at": told.at,
    }
    outbox.tell(connection, EventKind.BREAKER_CHANGED, clean_text(str(transition.target), NAME_CAP), data=details)
    return told


def _keep(connection: Connection, key: str, value: str) -> None:
    insert = insert_into(connection, learned).values(key=key, value=value, updated_at=now())
    update = {"value": insert.excluded.value, "updated_at": now()}
    connection.execute(insert.on_conflict_do_update(index_elements=["key"], set_=update))


def _of(target: Target) -> dict[str, object]:
    return {"hardware": clean_text(target.hardware, NAME_CAP), "name": clean_text(target.name, NAME_CAP)}


def _clean(transition: Transition) -> Transition:
    target = transition.target
    return Transition(
        target=Target(hardware=clean_text(target.hardware, NAME_CAP), name=clean_text(target.name, NAME_CAP)),
        epoch=transition.epoch,
        at=transition.at,
        before=transition.before,
        after=transition.after,
        reason=clean_text(transition.reason),
    )
