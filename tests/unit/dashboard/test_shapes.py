from dtf.dashboard.rest.shapes import listed


def test_programs_get_lists() -> None:
    """Of workers, nodes and links; other topics, and what is empty, as they are."""
    worker, link = {"id": "w1", "cpu": 5}, {"source": "a", "target": "b", "value": 1}
    assert listed("workers", {"w1": worker}) == {"workers": [worker]}
    assert listed("network", {"nodes": {"a": {"id": "a"}}, "links": {"a b": link}}) == {
        "nodes": [{"id": "a"}],
        "links": [link],
    }
    assert listed("network", {}) == {"nodes": [], "links": []}
    assert listed("cluster", {"active_workers": 2}) == {"active_workers": 2}
