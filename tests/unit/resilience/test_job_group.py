from dtf.domain.source import Source, SourceKind
from dtf.domain.specs import JobSpec
from dtf.domain.work import BenchmarkWork, BrowserCheck, BrowserWork, CommandWork, PytestWork, Work
from dtf.resilience.job_group import job_group


def group(work: Work, *, name: str = "suite", location: str = "sha256:1") -> str:
    """The group of a job."""
    return job_group(JobSpec(name=name, work=work, source=Source(kind=SourceKind.BUNDLE, location=location)))


def test_another_run_of_the_same_is_of_the_same_group() -> None:
    """A changed source, a selection of tests and another hardware leave a suite what it is; kinds are told apart."""
    suite = group(PytestWork(paths=("tests",)))
    assert suite == group(PytestWork(paths=("tests",), keyword="slow"), location="sha256:2") == "pytest:suite tests"
    assert suite != group(PytestWork(paths=("other",)))
    assert suite != group(CommandWork(argv=("tests",)))
    assert group(BenchmarkWork(model="bert"), name="a") == group(BenchmarkWork(model="bert"), name="b")
    page = BrowserWork(check=BrowserCheck.PAGE, target="page.html")
    assert group(page) == "browser:page page.html webgpu"


def test_long_names_are_told_apart() -> None:
    """A name has an end, and two that only differ after it are two groups."""
    long, longer = (group(PytestWork(paths=("x" * 300 + end,))) for end in ("a", "b"))
    assert len(long) == len(longer) <= 120
    assert long != longer
