from collections.abc import Iterator

import pytest

from dtf.breakers.config import BreakerConfig
from dtf.breakers.store import Account, BreakerStore
from dtf.breakers.stores import open_store
from dtf.domain.breaker import BreakerMode, BreakerState, Sign, Target
from dtf.domain.errors import SettingsError
from dtf.domain.evidence import EvidenceRecord
from dtf.domain.learned import Learned, LearnedGroup, LearnedTarget
from dtf.resilience.breaker import Evidence
from dtf.resilience.breaker_params import BreakerParams
from dtf.resilience.likelihood import Rates, likelihood
from tests.support.valkey import Valkey, running_valkey

PARAMS = BreakerParams(probe_every_s=1e-6, probe_quick_s=1e-6, canary=False, passes_to_close=1)
#: A colon in the hardware and in the name, and letters of others.
ODD, PLAIN = Target(hardware="cuda:0", name="modèle:bert x"), Target(hardware="cuda", name="0:modèle:bert x")


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """A real server."""
    with running_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture(params=["memory", "redis"])
def store(request: pytest.FixtureRequest, valkey: Valkey) -> Iterator[BreakerStore]:
    """Each store, empty."""
    with valkey.client as client:
        client.flushall()
    opened = open_store("memory://" if request.param == "memory" else valkey.url, BreakerConfig(stale_s=60))
    yield opened
    opened.close()


def see(store: BreakerStore, target: Target, sign: Sign, epoch: int, permit: str = "") -> BreakerState:
    """Tell of something, and the learner too; returns the state then."""
    weight = likelihood(sign, Rates())
    evidence = Evidence(sign=sign, likelihood=weight, epoch=epoch, permit=permit, duration_s=0.1)
    return store.observe(target, PARAMS, evidence, Account(job_group="süite")).record.state


def flap(store: BreakerStore, target: Target, times: int) -> None:
    """Open and close a breaker so often."""
    for number in range(times):
        epoch = 2 * number
        while see(store, target, Sign.INFRA, epoch) is BreakerState.CLOSED:
            pass
        gate = store.ask(target, PARAMS, permit=f"p{number}")
        assert see(store, target, Sign.WORKED, gate.epoch, f"p{number}") is BreakerState.CLOSED


def test_targets_with_any_names_are_kept_apart(store: BreakerStore) -> None:
    """Hardware and name come back as they were, also where one's text could be the other's."""
    for target in (ODD, PLAIN):
        store.ask(target, PARAMS, permit="p")
    assert store.targets() == (PLAIN, ODD)
    assert store.targets("cuda") == (PLAIN,)
    assert list(store.all()) == [PLAIN, ODD]
    assert store.read(Target(hardware="cuda", name="unknown")) is None


def test_the_last_sixteen_transitions_are_kept_in_order(store: BreakerStore) -> None:
    """Numbered without gaps; a reader asks for those after the last one that it saw."""
    flap(store, ODD, 10)
    kept = store.transitions(ODD, 0)
    assert [one.epoch for one in kept] == list(range(5, 21))
    assert [one.before for one in kept[:2]] == [BreakerState.CLOSED, BreakerState.OPEN]
    assert kept[1].reason == "1 probe in a row succeeded"
    assert [one.at for one in kept] == sorted(one.at for one in kept)
    assert store.transitions(ODD, 19) == kept[-1:]
    assert store.transitions(PLAIN, 0) == ()


def test_openings_are_found_by_their_hardware(store: BreakerStore) -> None:
    """Only those of the hardware asked for, and only for a while."""
    flap(store, ODD, 1)
    flap(store, PLAIN, 1)
    assert store.opened_within("cuda:0", 20) == (ODD,)
    assert store.opened_within("cuda", 20) == (PLAIN,)
    assert store.opened_within("rocm", 20) == ()


def test_the_learner_hears_everything_in_order(store: BreakerStore) -> None:
    """What breakers took in and what somebody told, from a position on."""
    see(store, ODD, Sign.WORKED, 0)
    told = EvidenceRecord(
        at=12.5, target=PLAIN, sign=Sign.OVERRUN, job_group="g", duration_s=3.0, believed=0.25, epoch=4
    )
    store.tell(told)
    position, first = store.heard("", 1)
    assert [(one.target, one.sign, one.job_group) for one in first] == [(ODD, Sign.WORKED, "süite")]
    position, second = store.heard(position, 10)
    assert second == (told,)
    assert store.heard(position, 10) == (position, ())


def test_what_is_published_is_read(store: BreakerStore) -> None:
    """All of it, and nothing before."""
    assert store.learned() is None
    known = LearnedTarget(base_rate=0.1, evidence=7)
    learned = Learned(
        version=3,
        at=5.5,
        targets={str(ODD): known},
        hardware={"cuda": known},
        groups={"süite": LearnedGroup(evidence=1)},
    )
    store.publish(learned)
    assert store.learned() == learned


def test_an_operators_mode_is_kept(store: BreakerStore) -> None:
    """Also of a target that nobody asked for yet."""
    assert store.set_mode(ODD, BreakerMode.FORCED_OPEN).mode is BreakerMode.FORCED_OPEN
    assert store.all()[ODD].mode is BreakerMode.FORCED_OPEN
    assert store.forced_open_since(ODD) == pytest.approx(store.now(), abs=30)
    store.set_mode(ODD, BreakerMode.AUTO)
    assert store.all()[ODD].mode is BreakerMode.AUTO
    assert (store.forced_open_since(ODD), store.forced_open_since(PLAIN)) == (None, None)


def test_a_later_order_is_not_undone_by_an_earlier_one(store: BreakerStore) -> None:
    """Whatever comes last; an order without a number is carried out, and makes none of the earlier ones later."""
    assert store.set_mode(ODD, BreakerMode.FORCED_OPEN, order=7).mode is BreakerMode.FORCED_OPEN
    assert store.set_mode(ODD, BreakerMode.AUTO, order=8).mode is BreakerMode.AUTO
    for late in (7, 8):
        assert store.set_mode(ODD, BreakerMode.FORCED_OPEN, order=late).mode is BreakerMode.AUTO
    assert store.set_mode(ODD, BreakerMode.METRICS_ONLY).mode is BreakerMode.METRICS_ONLY
    assert store.set_mode(ODD, BreakerMode.AUTO, order=8).mode is BreakerMode.METRICS_ONLY
    assert store.set_mode(ODD, BreakerMode.AUTO, order=9).mode is BreakerMode.AUTO


def test_redis_forgets_what_nobody_uses_but_no_operators_word(valkey: Valkey) -> None:
    """A breaker expires; one that is forced does not; one that is gone leaves the list."""
    store = open_store(valkey.url, BreakerConfig(prefix="forgets"))
    store.ask(ODD, PARAMS, permit="p")
    store.set_mode(PLAIN, BreakerMode.FORCED_CLOSED)
    with valkey.client as client:
        odd, plain = "forgets:breaker:cuda%3A0:modèle:bert x", "forgets:breaker:cuda:0:modèle:bert x"
        assert 0 < int(client.ttl(odd)) <= 30 * 86400
        assert client.ttl(plain) == -1
        client.delete(odd)
        assert list(store.all()) == [PLAIN]
        assert client.scard("forgets:breakers") == 1
    store.close()


def test_breakers_need_a_server_of_redis_kind() -> None:
    """Another broker is named, without what it may hold of a password."""
    with pytest.raises(SettingsError, match="not 'amqp'"):
        open_store("amqp://user:secret@host")
