"""Thirty kinds of bad input: each a clear message and the right exit status, nothing written, nothing hung."""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.acceptance.harness.place import Place, Started
from tests.acceptance.test_two_terminals import up

COMMAND = {"type": "command", "config": {"argv": ["true"]}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """One bad task file.

    Attributes:
        name: What is wrong.
        content: The file's content; None: ``make`` makes it.
        says: Words that the message holds; any of them will do.
        make: Makes something else in the file's place.
        suffix: The file's ending.
    """

    name: str
    content: str | bytes | None = None
    says: tuple[str, ...] = ()
    make: Callable[[Path], object] | None = None
    suffix: str = ".json"


def task(**changes: object) -> str:
    """A good command task with some keys changed."""
    return json.dumps({**COMMAND, **changes})


ALIAS_BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(12)
)

BAD_FILES = [
    Bad(name="empty file", content="", says=("empty",)),
    Bad(name="not JSON", content="{type: ", says=("line 1", "column")),
    Bad(name="a list of nothing", content="[]", says=("0 tasks",)),
    Bad(name="a text", content='"hello"', says=("must be a mapping",)),
    Bad(name="argv is a text", content=task(config={"argv": "true"}), says=("must be a list",)),
    Bad(name="argv holds a number", content=task(config={"argv": ["sleep", 5]}), says=("argv[1]",)),
    Bad(name="unknown key", content=task(prioritty=3), says=("did you mean 'priority'",)),
    Bad(name="unknown type", content=task(type="comand"), says=("did you mean 'command'",)),
    Bad(name="keys of another type", content=task(type="benchmark"), says=("'model' is missing",)),
    Bad(
        name="NaN", content='{"type": "command", "config": {"argv": ["true"], "timeout": NaN}}', says=("finite", "NaN")
    ),
    Bad(name="infinite time", content=task(config={"argv": ["true"], "timeout": 1e999}), says=("finite", "Infinity")),
    Bad(name="negative time", content=task(config={"argv": ["true"], "timeout": -1}), says=("must be from",)),
    Bad(name="NUL byte", content=task(config={"argv": ["echo", "a\0b"]}), says=("NUL",)),
    Bad(name="name of 1 MB", content=task(name="x" * 2**20), says=("too long", "larger than")),
    Bad(name="half a surrogate pair", content=task(config={"argv": ["echo", "\ud800"]}), says=("surrogate",)),
    Bad(
        name="unknown hardware",
        content=task(hardware_requirements={"hardware": "cudaa"}),
        says=("did you mean 'cuda'",),
    ),
    Bad(name="invalid UTF-8", content=b'{"type": "\xff\xfe"}', says=("UTF-8", "utf-8")),
    Bad(
        name="YAML tag",
        content="!!python/object/apply:os.system ['true']\n",
        says=("tag", "python/object"),
        suffix=".yaml",
    ),
    Bad(name="YAML alias bomb", content=ALIAS_BOMB, says=("alias", "too many", "anchor"), suffix=".yaml"),
    Bad(name="FIFO", make=os.mkfifo, says=("regular file", "not a file", "FIFO")),
    Bad(name="directory", make=Path.mkdir, says=("directory",)),
    Bad(name="missing file", make=os.fspath, says=("no such file", "does not exist")),
]


@pytest.mark.parametrize("bad", BAD_FILES, ids=lambda bad: bad.name)
def test_a_bad_task_file(bad: Bad, place: Place, tmp_path: Path) -> None:
    """A bad task file is refused with its place and reason, exit status 2, and nothing is written."""
    path = tmp_path / f"task{bad.suffix}"
    if bad.make:
        bad.make(path)
    else:
        content = bad.content or ""
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    done = place.dtf("submit", "--task-file", str(path), timeout_s=30)
    assert done.status == 2, done.out + done.err
    message = done.err + done.out
    assert any(words.lower() in message.lower() for words in bad.says), message
    assert "Traceback" not in message
    assert len(message) < 4000
    runs = place.dtf("runs", "--json")
    assert runs.status != 0 or not (runs.answer["runs"] if isinstance(runs.answer, dict) else runs.answer)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, Started]]:
    """One cluster for all the suites."""
    made = Place(tmp_path_factory.mktemp("bad"))
    try:
        yield made, up(made, "--workers", "2")
        made.assert_no_stray_tests()
    finally:
        made.kill_all()


@dataclass(frozen=True, slots=True, kw_only=True)
class BadSuite:
    """A suite that misbehaves.

    Attributes:
        name: How.
        files: Its files.
        status: The exit status of ``dtf run``.
        counts: Its outcomes, where it has any.
        says: Words that the command's output holds.
        arguments: Further arguments of ``dtf run``.
    """

    name: str
    files: dict[str, str]
    status: int
    counts: dict[str, int]
    says: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()


GOOD = "def test_good():\n    pass\n"
DAEMON = """
import subprocess, sys

def test_leaves_a_daemon():
    code = "import os, time; os.setsid(); os.fork() and os._exit(0); time.sleep(600)"
    subprocess.run([sys.executable, "-c", code], check=True)
"""

BAD_SUITES = [
    BadSuite(
        name="does not import",
        files={"test_a.py": "import nonesuch_module\n"},
        status=2,
        counts={},
        says=("nonesuch_module",),
    ),
    BadSuite(name="collects nothing", files={"test_a.py": "x = 1\n"}, status=5, counts={}, says=("no test", "nothing")),
    BadSuite(
        name="segfaults",
        files={
            "test_a.py": f"import ctypes\n{GOOD}def test_crash():\n    ctypes.string_at(0)\n",
            "test_b.py": GOOD,
        },
        status=1,
        counts={"passed": 2, "error": 1},
        says=("test_crash",),
    ),
    BadSuite(
        name="calls os._exit",
        files={"test_a.py": f"import os\n{GOOD}def test_exit():\n    os._exit(0)\ndef test_after():\n    pass\n"},
        status=1,
        counts={"passed": 2, "error": 1},
        says=("test_exit",),
    ),
    BadSuite(
        name="has a pytest.py",
        files={"pytest.py": "raise RuntimeError('not pytest')\n", "test_a.py": GOOD},
        status=0,
        counts={"passed": 1},
    ),
    BadSuite(
        name="never ends",
        files={"test_a.py": "import time\ndef test_endless():\n    while True:\n        time.sleep(1)\n"},
        status=12,
        counts={},
        says=("limit", "timeout", "time"),
        arguments=("--timeout", "5"),
    ),
    BadSuite(
        name="prints 100 MB",
        files={"test_a.py": "def test_loud():\n    for _ in range(100):\n        print('x' * 2**20)\n"},
        status=0,
        counts={"passed": 1},
    ),
    BadSuite(
        name="prints invalid UTF-8",
        files={
            "test_a.py": "import os\ndef test_bytes():\n    os.write(1, b'\\xff\\0')\n    assert 0, '\\udc80 \\0'\n",
        },
        status=1,
        counts={"failed": 1},
        says=("test_bytes",),
    ),
]


@pytest.mark.parametrize("bad", BAD_SUITES, ids=lambda bad: bad.name)
def test_a_bad_suite(bad: BadSuite, cluster: tuple[Place, Started], tmp_path: Path) -> None:
    """A suite that misbehaves ends with the right exit status, its cases, and a message that names what it was."""
    place, _ = cluster
    suite = tmp_path / "suite"
    suite.mkdir()
    (suite / "pytest.ini").write_text("[pytest]\n")
    for name, content in bad.files.items():
        (suite / name).write_text(content)
    done = place.dtf("run", str(suite), "--workers", "2", *bad.arguments)
    assert done.status == bad.status, done.out + done.err
    said = done.out + done.err
    assert not bad.says or any(words.lower() in said.lower() for words in bad.says), said
    assert "internal error" not in said
    assert len(said) < 20_000
    run = place.dtf("status", "last", "--json").answer["run"]
    assert bad.status == 12 or {name: number for name, number in run["cases"].items() if number} == bad.counts
    audit = place.dtf("audit", "last", "--json").answer
    assert (audit["lost"], audit["duplicated"]) == (0, 0)
    place.assert_no_stray_tests()


def test_a_suite_that_leaves_a_daemon(place: Place, tmp_path: Path) -> None:
    """What a test daemonised is gone when the command has ended."""
    (tmp_path / "test_a.py").write_text(DAEMON)
    done = place.dtf("run", str(tmp_path / "test_a.py"), "--json")
    assert done.status == 0, done.out + done.err
    assert done.answer["counts"]["passed"] == 1
    place.assert_nothing_left()


def test_a_missing_path(place: Place) -> None:
    """`dtf run` of a path that does not exist says so and exits with 2."""
    done = place.dtf("run", "nonesuch/tests", timeout_s=30)
    assert done.status == 2
    assert "nonesuch/tests" in done.err
    place.assert_nothing_left()


def test_hardware_that_nothing_here_has(place: Place, tmp_path: Path) -> None:
    """`dtf run --hardware` of a tag that no worker here can serve ends with 11 and the reason, at once."""
    (tmp_path / "test_a.py").write_text(GOOD)
    done = place.dtf("run", str(tmp_path / "test_a.py"), "--hardware", "rocm", "--json", timeout_s=60)
    assert done.status == 11, done.out + done.err
    assert "rocm" in done.out + done.err
    place.assert_nothing_left()
