"""What the conformance suite says about each operator: supported, wrong, or not implemented."""

import warnings
from collections import Counter

from onnx.backend.test.loader import load_model_tests

#: The outcomes of a case that speak against the operator.
WRONG = {"failed", "error", "xfailed", "timeout"}


def operator_of_each_case():
    """The operator under test by the name of its CPU case, for the cases whose model is one operator alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cases = load_model_tests(kind="node")
    return {f"{case.name}_cpu": case.model.graph.node[0].op_type for case in cases if len(case.model.graph.node) == 1}


def judge(outcomes):
    """Sort operators by what became of their cases.

    Args:
        outcomes: The outcome of each case by its node id.

    Returns:
        The names of the operators under ``supported``, ``in part``, ``wrong`` and ``unsupported``.
    """
    operators = operator_of_each_case()
    tally = {}
    for nodeid, outcome in outcomes.items():
        operator = operators.get(nodeid.rpartition("::")[2])
        if operator:
            tally.setdefault(operator, Counter())[outcome] += 1
    verdicts = {"supported": [], "in part": [], "wrong": [], "unsupported": []}
    for operator in sorted(tally):
        verdicts[verdict(tally[operator])].append(operator)
    return verdicts


def verdict(tally):
    """The verdict on one operator from the outcomes of its cases."""
    if WRONG & tally.keys():
        return "wrong"
    if "passed" not in tally:
        return "unsupported"
    return "in part" if "skipped" in tally else "supported"
