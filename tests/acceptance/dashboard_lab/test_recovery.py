import json
from collections import Counter

from dtf.analysis.recovered import achieved, by_action
from tests.acceptance.dashboard_lab.laboratory import HOSTILE, Lab
from tests.acceptance.harness.pages import Browsed
from tests.acceptance.harness.place import until


def test_what_was_recovered_is_what_the_ledger_has(lab: Lab, pages: Browsed) -> None:
    """A program that was killed runs again; a failure on purpose is counted as ``dtf inject --counts`` counts it."""
    flag = lab.place.directory / "flag"
    once = f"test -e '{flag}' || {{ touch '{flag}'; kill -9 $$; }}"
    tasks = [
        {"type": "command", "name": f"{HOSTILE} killed", "config": {"argv": ["sh", "-c", once]}},
        {"type": "command", "name": "meets", "config": {"argv": ["sleep", "5"]}, "inject": "timeout mild"},
    ]
    file = lab.place.directory / "recovered.json"
    file.write_text(json.dumps(tasks))
    done = lab.place.dtf("submit", "--task-file", str(file), "--json")
    assert done.status == 0, done.err
    assert until(lambda: lab.is_over(done.answer["run_id"]), 240)
    assert until(lab.ledger.recoveries.history, 60), lab.ledger.views.attempts(done.answer["run_id"])
    told = lab.ledger.recoveries.history()
    counts = lab.place.dtf("inject", "--counts", "--json").answer["injections"]
    assert counts

    pages.open("/lab/recovery")
    whole = achieved(told)
    assert until(lambda: pages.figure("recovery.all.tried") == str(whole.tried), 30), pages.figures()
    assert float(pages.figure("recovery.all.success_rate")) == whole.success_rate
    for action, one in by_action(told).items():
        if one.tried:
            assert pages.figure(f"recovery.strategies.{action}.tried") == str(one.tried)
    # ten of the latest are shown at first
    assert len(pages.keys_now("#latest")) == min(whole.tried, 10)
    met = Counter(one["injection"] for one in counts if one["injection"])
    assert {name: pages.figure(f"recovery.injections.{name}.met") for name in met} == {
        name: str(count) for name, count in met.items()
    }
