import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from dtf.cli.running.request import Request, check
from dtf.domain.errors import BadInputError
from dtf.domain.specs import CommandWork, PytestWork
from dtf.domain.work import Isolation
from dtf.submission.place import locate


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A directory with one test file."""
    (tmp_path / "proj" / "tests").mkdir(parents=True)
    (tmp_path / "proj" / "tests" / "test_a.py").write_text("")
    return tmp_path / "proj"


@pytest.fixture
def request_(project: Path) -> Request:
    """A request that can be used."""
    return Request(paths=("tests",), cwd=project, environ={"PATH": os.defpath})


def problems(request: Request) -> str:
    """What is told about a request that cannot be used."""
    with pytest.raises(BadInputError) as caught:
        check(request)
    return str(caught.value)


def test_outside_of_git_the_root_is_the_current_directory(project: Path) -> None:
    """Paths stay as pytest would print them from there."""
    place = locate(["tests/test_a.py::test_x[a::b]", "tests"], project)
    assert (place.root, place.subdirectory) == (project, ".")
    assert place.paths == ("tests/test_a.py::test_x[a::b]", "tests")


def test_inside_git_the_root_is_its_top_level_and_the_current_directory_is_kept(project: Path) -> None:
    """Everything that the tests may need travels, and node ids do not change."""
    subprocess.run(["git", "init", "-q", str(project.parent)], check=True)
    place = locate(["tests"], project)
    assert (place.root, place.subdirectory, place.paths) == (project.parent, "proj", ("tests",))


def test_paths_elsewhere_bring_their_own_root(project: Path, tmp_path: Path) -> None:
    """A suite outside of the current directory is run from where it is."""
    elsewhere = tmp_path / "else"
    elsewhere.mkdir()
    place = locate([str(project / "tests")], elsewhere)
    assert (place.root, place.paths) == (project / "tests", (".",))


def test_links_are_kept_as_they_are_spelt(project: Path) -> None:
    """Node ids are those of pytest, which does not follow links either."""
    (project / "link").symlink_to(project / "tests")
    assert locate(["link/test_a.py"], project).paths == ("link/test_a.py",)


def test_every_path_that_is_not_there_is_named(project: Path) -> None:
    """All at once, with the reason."""
    os.mkfifo(project / "fifo")
    with pytest.raises(BadInputError) as caught:
        locate(["nope", "tests", "fifo", "/dev/null", "", "x" * 5000, "a\0b", "tests/test_a.py/x"], project)
    lines = str(caught.value).split("\n")
    assert len(lines) == 7
    assert lines[0] == "nope: no such file or directory"
    assert lines[1] == "fifo: neither a file nor a directory"
    assert lines[2] == "/dev/null: neither a file nor a directory"
    assert "empty path" in lines[3]
    assert "too long" in lines[4]
    assert "a\\x00b" in lines[5]
    assert "Not a directory" in lines[6]


def test_all_mistakes_are_told_at_once(request_: Request) -> None:
    """Nothing is submitted before everything is right."""
    told = problems(
        replace(
            request_,
            paths=("nope",),
            hardware="cdua,cpu",
            timeout_s=-1.0,
            test_timeout_s=float("nan"),
            priority=11,
            variables=("DTF_X=1", "=x", "NOT_SET_ANYWHERE"),
            keyword="a\0b",
            name="n\n",
            python="/nowhere/python",
        )
    )
    for part in (
        "nope: no such file",
        "unknown hardware 'cdua' (did you mean 'cuda'?)",
        "--timeout must be more than 0",
        "--test-timeout must be more than 0",
        "--priority must be from 0 to 10",
        "--env DTF_X",
        "--env '=x' names no variable",
        "NOT_SET_ANYWHERE: it is not set here",
        "-k has a NUL byte",
        "--name must be",
        "--python /nowhere/python: there is no such program",
    ):
        assert part in told


def test_a_command_takes_its_words_as_they_are(request_: Request) -> None:
    """No shell, no paths, no interpreter."""
    plan = check(replace(request_, paths=(), command=("sh", "-c", "echo $HOME; exit 3"), variables=("A=b=c",)))
    assert plan.work == CommandWork(argv=("sh", "-c", "echo $HOME; exit 3"), environment={"A": "b=c"})
    assert "needs a program" in problems(replace(request_, paths=(), command=()))
    assert "takes no paths" in problems(replace(request_, command=("ls",)))


def test_the_interpreter_is_the_named_one_else_the_active_else_the_projects_else_ours(
    request_: Request, project: Path, tmp_path: Path
) -> None:
    """The suite's own Python runs it."""

    def python(request: Request) -> str:
        work = check(request).work
        assert isinstance(work, PytestWork)
        return work.python

    assert python(request_) == sys.executable
    for venv in (project / ".venv", tmp_path / "active"):
        (venv / "bin").mkdir(parents=True)
        (venv / "bin" / "python").symlink_to(sys.executable)
    assert python(request_) == str(project / ".venv/bin/python")
    active = replace(request_, environ={"VIRTUAL_ENV": str(tmp_path / "active"), "PATH": os.defpath})
    assert python(active) == str(tmp_path / "active/bin/python")
    assert python(replace(active, python=".venv/bin/python")) == str(project / ".venv/bin/python")
    assert python(replace(active, in_place=False)) == ""


def test_what_changes_pytest_is_carried_from_the_callers_environment(request_: Request) -> None:
    """PYTEST_ADDOPTS means here what it means to pytest; the rest of the environment stays."""
    environ = {"PYTEST_ADDOPTS": "-q", "SECRET": "x", "WANTED": "y", "PATH": os.defpath}
    work = check(replace(request_, environ=environ, variables=("WANTED",))).work
    assert work.environment == {"PYTEST_ADDOPTS": "-q", "WANTED": "y"}


def test_one_job_for_each_tag(request_: Request) -> None:
    """A tag that is named twice counts once."""
    assert check(replace(request_, hardware="cpu, cuda,cpu")).tags == ("cpu", "cuda")


def test_an_empty_tag_is_told_once(request_: Request) -> None:
    """A stray comma is named as one."""
    told = problems(replace(request_, hardware=","))
    assert told.count("--hardware ','") == 1
    assert "unknown hardware ''" not in told


def test_options_of_suites_are_refused_for_a_command(request_: Request) -> None:
    """Nothing that was asked for is ignored in silence."""
    command = replace(request_, paths=(), command=("true",))
    told = problems(
        replace(command, keyword="x", marker="y", max_failures=1, isolation=Isolation.TEST, python="/nonexist")
    )
    assert "-k, -m, -x/--maxfail, --isolate/--isolation, --python cannot apply" in told
    assert check(command).work == CommandWork(argv=("true",))


def test_requirements_narrow_every_tag(request_: Request) -> None:
    """Each tag has a queue of its own with the same requirements in canonical form."""
    plan = check(replace(request_, hardware="cuda,rocm", require=("VRAM_GB >= 24", "webnn", "webnn"), devices=2))
    assert plan.requirements == ("devices=2", "vram_gb>=24", "webnn")
    assert plan.queues == ("cuda[devices=2;vram_gb>=24;webnn]", "rocm[devices=2;vram_gb>=24;webnn]")
    assert check(request_).queues == ("cpu",)


def test_bad_requirements_are_told_with_everything_else(request_: Request) -> None:
    """Each in its line."""
    told = problems(replace(request_, require=("vram_gb>>24", "x\ny"), hardware="cdua", priority=11))
    assert len(told.split("\n")) == 5
    assert "--require: requirement 'vram_gb>>24' cannot be read" in told
    assert "'x\\ny'" in told
    told = problems(replace(request_, require=("devices=3",), devices=2))
    assert "--require: devices=N may be required once only" in told


def test_a_failure_is_injected_only_where_it_was_asked_for(request_: Request) -> None:
    """None unless given; a mistake is told with everything else."""
    assert check(request_).inject is None
    assert str(check(replace(request_, inject="timeout  mild")).inject) == "timeout mild"
    told = problems(replace(request_, inject="timeuot mild", priority=11))
    assert "--inject: unknown type of failure 'timeuot' (did you mean 'timeout'?)" in told
    assert "--priority" in told


def test_a_failure_that_no_test_and_no_command_can_meet_is_refused_at_once(request_: Request) -> None:
    """Wherever it would run; what depends on the machine is left to the run."""
    for one in (request_, replace(request_, command=("true",), paths=())):
        told = problems(replace(one, inject="gpu_error mild"))
        assert "--inject: gpu_error mild is not available for tests and commands: nothing outside" in told
        assert str(check(replace(one, inject="gpu_error moderate")).inject) == "gpu_error moderate"


def test_a_fallback_is_other_hardware(request_: Request) -> None:
    """Each tag has those of the fallbacks that are not its own; a mistake is told with everything else."""
    plan = check(replace(request_, hardware="cuda,cpu", fallback="webgpu, cpu[Memory_GB>=16]"))
    assert plan.fallback == {"cuda": ("webgpu", "cpu[memory_gb>=16]"), "cpu": ("webgpu",)}
    assert plan.fallback_queues == ("webgpu", "cpu[memory_gb>=16]")
    assert check(request_).fallback == {"cpu": ()}
    told = problems(replace(request_, hardware="cuda", fallback="cuda,cpuu", priority=11))
    assert "--fallback: cuda is what is asked for already; a fallback is other hardware" in told
    assert "--fallback: unknown hardware 'cpuu' (did you mean 'cpu'?)" in told
    for text in ("", " ", ",,,", "cpu,"):
        assert "--fallback: a name is empty" in problems(replace(request_, hardware="cuda", fallback=text))
    assert "--fallback: cpu is named 2 times" in problems(replace(request_, hardware="cuda", fallback="cpu, cpu"))
    assert "--priority" in told
