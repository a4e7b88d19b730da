"""Carries out the orders of the model host."""

import json
import logging
import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dtf.domain import proof as words
from dtf.domain.codec import from_json
from dtf.domain.errors import BadInputError
from dtf.domain.outcome import Outcome
from dtf.domain.shard import Metric
from dtf.domain.tasks.models import PRECISIONS
from dtf.domain.work import BenchmarkWork
from dtf.execution.host.messages import Order, Report
from dtf.execution.model_host import memory
from dtf.execution.model_host.find_subject import SubjectFinder
from dtf.execution.model_host.measure import TimeIsUpError, latency_metrics, measure
from dtf.execution.model_host.placement import check_placement
from dtf.execution.model_host.subject import LoadedModel, Place, Placement, RanElsewhereError, Subject
from dtf.execution.models.parity import Parity, compare, merge
from dtf.execution.models.precision import TOLERANCES
from dtf.resilience.sticky import find_sticky, sticky_texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_log = logging.getLogger(__name__)

#: What the host is ordered to do.
MEASURE = "measure"

_MOST_CAUSES = 20


class ModelFailedError(BadInputError):
    """The model raised something while it ran."""


@dataclass(slots=True)
class _Warm:
    """A model that stays loaded, and where its nodes went once somebody looked."""

    model: LoadedModel
    placement: Placement | None = None


class Bench:
    """Measures models, and keeps the present one loaded in each precision and place that was asked for.

    Another model takes the place of all that is loaded.
    """

    def __init__(self) -> None:
        self._finder = SubjectFinder()
        self._digest = ""
        self._warm: dict[tuple[str, Place], _Warm] = {}
        # whether NVML shows this process by its pid; None: not asked, no GPU was used yet
        self._pid_is_ours: bool | None = None

    def handle(self, order: Order) -> Report:
        """Measure a model.

        Args:
            order: ``measure`` with ``work`` (a ``BenchmarkWork``), ``tag`` and ``threads``.
        """
        if order.do != MEASURE:
            raise BadInputError(f"the model host does not know the order {order.do!r}")
        work = from_json(BenchmarkWork, order.arguments["work"])
        place = Place(tag=str(order.arguments["tag"]), threads=int(str(order.arguments["threads"])))
        attempt = _Measuring(order, work, place)
        try:
            subject = self._finder.find(work, Path(order.workdir))
            return attempt.report(self._measure(attempt, subject))
        except RanElsewhereError as error:
            attempt.proof[words.ELSEWHERE] = str(error)
            return attempt.report(Outcome.INFRA, f"{words.RAN_ELSEWHERE}: {error}")
        except TimeIsUpError:
            return attempt.report(Outcome.TIMEOUT, f"it took longer than {order.time_limit_s:g} s")
        except ModelFailedError as error:
            # what failed on a device may have lost its context: the process is not used again
            return replace(attempt.report(Outcome.ERROR, str(error)), healthy=place.tag == "cpu")
        except BadInputError as error:
            report = attempt.report(Outcome.ERROR, str(error))
            return replace(report, healthy=not find_sticky(_whole(error), sticky_texts(place.tag)))
        except ImportError as error:
            missing = f"{sys.executable} cannot import what the job needs: {error}; pip install 'dtf[models]'"
            return attempt.report(Outcome.ERROR, missing)
        except MemoryError:
            return replace(attempt.report(Outcome.ERROR, "there is not enough memory for the model"), healthy=False)
        except OSError:
            raise  # a full disk is not the model's fault
        except Exception as error:  # noqa: BLE001  # what nobody thought of is the job's, not retried
            _log.exception("the model %s cannot be measured", work.model)
            reason = f"the model cannot be measured: {_short(error)}"
            return replace(attempt.report(Outcome.ERROR, reason), healthy=False)

    def _measure(self, attempt: "_Measuring", subject: Subject) -> str:
        memory.reset_peak()
        before = memory.resident_bytes()
        warm = self._load(attempt, subject)
        for batch_size in attempt.work.batch_sizes:
            attempt.measure_batch(subject, warm.model, batch_size)
        attempt.note_memory(before, warm.model.device_bytes() or self._held_on_gpu())
        attempt.compare(subject, warm.model)
        if warm.placement is None:
            inputs = subject.inputs(min(attempt.work.batch_sizes), attempt.work.seed)
            warm.placement = warm.model.placement(inputs)
        attempt.note_placement(warm.placement)
        check_placement(warm.placement, attempt.work.precision)
        return attempt.note_parity()

    def _load(self, attempt: "_Measuring", subject: Subject) -> _Warm:
        work, place = attempt.work, attempt.place
        if work.precision not in PRECISIONS:
            raise BadInputError(f"there is no precision {work.precision[:40]!r}; there are {', '.join(PRECISIONS)}")
        if subject.digest != self._digest:
            self._warm.clear()
            self._digest = subject.digest
        warm = self._warm.get((work.precision, place))
        attempt.proof["model_loaded"] = "no" if warm else words.YES
        if place.tag == "cuda" and self._pid_is_ours is None:
            self._pid_is_ours = memory.gpu_bytes() is None
        if warm is None:
            warm = self._warm[work.precision, place] = _Warm(subject.load(work.precision, place))
            attempt.metrics.append(Metric(name="load_time", value=warm.model.load_s, unit="s"))
        attempt.proof.update({"runtime": warm.model.runtime, "model_digest": subject.digest})
        return warm

    def _held_on_gpu(self) -> int | None:
        """What NVML says that this process holds; onnxruntime's arena gives nothing back before the end."""
        return memory.gpu_bytes() if self._pid_is_ours else None


class _Measuring:
    """What one order has come to so far."""

    def __init__(self, order: Order, work: BenchmarkWork, place: Place) -> None:
        self.work = work
        self.place = place
        self.metrics: list[Metric] = []
        self.proof: dict[str, str] = {
            "model": work.model,
            "precision": work.precision,
            "threads": str(place.threads),
            "pid": str(os.getpid()),
        }
        self._order = order
        self._deadline = time.monotonic() + order.time_limit_s
        self._cpu_began = time.process_time()
        self._parity = Parity()
        self._outputs: list[tuple[Mapping[str, NDArray[Any]], Sequence[NDArray[Any]]]] = []

    def measure_batch(self, subject: Subject, model: LoadedModel, batch_size: int) -> None:
        """Run one batch for its outputs, and time it."""
        inputs = subject.inputs(batch_size, self.work.seed)
        warm_up, iterations = self.work.warm_up, self.work.iterations
        try:
            outputs = model.run(inputs)
            times = measure(model, inputs, warm_up=warm_up, iterations=iterations, deadline=self._deadline)
        except TimeIsUpError:
            raise
        except Exception as error:  # what nobody thought of is the job's, not retried
            raise ModelFailedError(self._failed(error, batch_size)) from error
        self._outputs.append((inputs, outputs))
        self.metrics += latency_metrics(batch_size, times)

    def compare(self, subject: Subject, model: LoadedModel) -> None:
        """Compare what came of each batch with the reference, whose memory is not the model's."""
        for inputs, outputs in self._outputs:
            reference = subject.reference(inputs)
            self.proof["reference"] = reference.how
            self._parity = merge(self._parity, compare(model.output_names, outputs, reference.outputs))

    def note_memory(self, before: int, on_device: int | None) -> None:
        """Add what was used of the host's memory and the device's."""
        peak = memory.peak_bytes()
        self.metrics.append(Metric(name="host_memory_peak", value=float(peak), unit="bytes"))
        self.metrics.append(Metric(name="host_memory_increase", value=float(max(0, peak - before)), unit="bytes"))
        if on_device:
            self.metrics.append(Metric(name="device_memory_peak", value=float(on_device), unit="bytes"))

    def note_placement(self, placement: Placement) -> None:
        """Add what took the nodes."""
        self.proof[words.PROVIDERS] = json.dumps(dict(placement.nodes), sort_keys=True)
        self.proof["computed_in"] = json.dumps(dict(placement.types), sort_keys=True)
        if not placement.nodes:
            # on the CPU nothing else could have run it; of a device it shows nothing
            self.proof[words.EVIDENCE if self.place.tag == "cpu" else "placement"] = words.NO_NODE_LEFT
            return
        took, total = placement.nodes.get(placement.wanted, 0), sum(placement.nodes.values())
        self.proof[words.EVIDENCE] = f"{placement.wanted} took {took} of {total} nodes"

    def note_parity(self) -> str:
        """Add how far the outputs are from the reference; returns what is wrong with them."""
        tolerance = self.work.tolerance if self.work.tolerance is not None else TOLERANCES[self.work.precision]
        self.metrics.append(Metric(name="parity_tolerance", value=tolerance, unit="1"))
        if not self._parity.problem:
            self.metrics.append(Metric(name="parity_max_abs", value=self._parity.max_abs, unit="1"))
            self.metrics.append(Metric(name="parity_max_rel", value=self._parity.max_rel, unit="1"))
        return self._parity.verdict(tolerance)

    def report(self, outcome: Outcome | str, reason: str = "") -> Report:
        """The answer. A text in place of the outcome is what is wrong with the outputs."""
        if not isinstance(outcome, Outcome):
            outcome, reason = (Outcome.FAILED, outcome) if outcome else (Outcome.PASSED, "")
        # figures from another place or precision are not told
        kept = self.metrics if outcome in (Outcome.PASSED, Outcome.FAILED) else []
        return Report(
            number=self._order.number,
            outcome=outcome,
            reason=reason,
            metrics=tuple(kept),
            proof=self.proof,
            data={"cpu_s": time.process_time() - self._cpu_began, "max_rss_bytes": memory.peak_bytes()},
        )

    def _failed(self, error: Exception, batch_size: int) -> str:
        if self.work.precision != "fp32" and type(error).__name__ in ("NotImplemented", "NotImplementedError"):
            return f"unsupported: {self.work.precision} on {self.place.tag}: {_short(error)}"
        return f"the model fails with a batch of {batch_size}: {_short(error)}"


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:600]}"


def _whole(error: BaseException) -> str:
    """What an error says, and what those say that it came from: a message may be cut or worded anew."""
    told = [str(error)]
    while error.__cause__ is not None and len(told) < _MOST_CAUSES:
        error = error.__cause__
        told.append(str(error))
    return "\n".join(told)
