"""What a test learns beside its outcome: the operator, the largest error and its tolerance, who took the nodes."""

import numpy as np
from onnx.backend.test import BackendTest


class Evidence:
    """The properties of the running test."""

    def __init__(self):
        self.operators = {}  # by the name of the case whose model is one operator alone
        self.begin()

    def begin(self):
        self.properties, self.worst = {}, -1.0

    def note(self, name, value):
        self.properties[name] = value

    def operator(self, model):
        """Note the operator under test, or that whose definition by others the model is; other models are just that."""
        base, expanded, _ = model.graph.name.partition("_expanded")
        operator = self.operators.get(base, "(several operators)")
        self.note("operator", f"{operator}, expanded" if expanded and base in self.operators else operator)

    def compare(self, expected, actual, rtol, atol):
        """Note the error of the element that is worst against its tolerance, with that tolerance."""
        if is_tensor(expected) and is_tensor(actual) and expected.shape == actual.shape:
            error, tolerance = errors(expected, actual, rtol, atol)
            ratio = np.divide(error, tolerance, out=np.where(error > 0, np.inf, 0.0), where=tolerance > 0)
            if ratio.size and ratio.max() > self.worst:
                self.worst, place = ratio.max(), ratio.argmax()
                self.note("largest_error", f"{error.flat[place]:.3g}")
                self.note("tolerance", f"{tolerance.flat[place]:.3g}")


evidence = Evidence()


def is_tensor(value):
    return isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind not in "OUSc"


def errors(expected, actual, rtol, atol):
    """The absolute error of each element, and what ``numpy.testing.assert_allclose`` allows it."""
    if expected.dtype.name == "bfloat16":
        rtol = max(rtol, 2**-6)  # as the suite has it
    expected, actual = np.asarray(expected).astype(np.float64), np.asarray(actual).astype(np.float64)
    with np.errstate(invalid="ignore"):
        error = np.abs(actual - expected)
    same = (expected == actual) | (np.isnan(expected) & np.isnan(actual))
    error = np.where(same, 0.0, np.where(np.isnan(error), np.inf, error))
    return error, np.nan_to_num(atol + rtol * np.abs(expected), posinf=0.0, nan=0.0)


class MeasuredTest(BackendTest):
    """The suite, with the errors noted before they are judged."""

    def _add_model_test(self, model_test, kind):
        if model_test.model is not None and len(model_test.model.graph.node) == 1:
            evidence.operators[model_test.name] = model_test.model.graph.node[0].op_type
        super()._add_model_test(model_test, kind)

    @classmethod
    def assert_similar_outputs(cls, ref_outputs, outputs, rtol, atol, model_dir=None):
        for expected, actual in zip(ref_outputs, outputs, strict=False):
            evidence.compare(expected, actual, rtol, atol)
        try:
            super().assert_similar_outputs(ref_outputs, outputs, rtol, atol, model_dir)
        except AssertionError as error:
            raise AssertionError(str(error).strip()) from None  # NumPy's begins with an empty line
