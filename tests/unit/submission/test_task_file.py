import json
import os
from pathlib import Path

import pytest

from dtf.domain.errors import BadInputError
from dtf.domain.specs import CommandWork, PytestWork
from dtf.submission.taskfile.file import load_task_file
from dtf.submission.tasks import place_tasks

GOOD = {
    "type": "command",
    "name": "hello",
    "priority": 7,
    "config": {
        "argv": ["echo", "hi"],
        "cwd": "sub",
        "env": {"A": "b"},
        "timeout": 5,
        "hardware_requirements": {"hardware": "cuda"},
    },
    "retry_policy": {"max_retries": 2},
}


def write(tmp_path: Path, text: str | bytes, name: str = "task.yaml") -> Path:
    """A task file with this content."""
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def message(file: Path) -> str:
    """What is told about a bad file."""
    with pytest.raises(BadInputError) as caught:
        load_task_file(file)
    return str(caught.value)


def test_a_command_in_json_is_read_whole(tmp_path: Path) -> None:
    """Every key of a command's task file arrives."""
    (task,) = load_task_file(write(tmp_path, json.dumps(GOOD), "task.json")).tasks
    assert task.work == CommandWork(argv=("echo", "hi"), environment={"A": "b"})
    assert (task.name, task.priority, task.cwd, task.hardware) == ("hello", 7, "sub", "cuda")
    assert (task.timeout_s, task.max_retries) == (5.0, 2)


def test_a_list_of_tests_in_yaml_is_read(tmp_path: Path) -> None:
    """One file may hold several tasks, and test_args may be one text."""
    text = "- type: test\n  config: {test_file: tests/a.py, test_args: '-k \"x y\"'}\n"
    text += "- type: test\n  config:\n    test_file: b\n"
    first, second = load_task_file(write(tmp_path, text)).tasks
    assert first.work == PytestWork(paths=("tests/a.py",), args=("-k", "x y"))
    assert second.name == "b"


def test_anchors_are_allowed_where_they_stay_small(tmp_path: Path) -> None:
    """An alias is ordinary YAML."""
    text = "- &a {type: command, config: {argv: [echo]}}\n- *a\n"
    assert len(load_task_file(write(tmp_path, text)).tasks) == 2


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
)


@pytest.mark.parametrize(
    ("text", "name", "parts"),
    [
        ("", "t.json", ["the file is empty"]),
        (" \n\n", "t.yaml", ["the file is empty"]),
        ("# only a comment\n", "t.yaml", ["no content"]),
        ("{", "t.json", ["line 1, column 2", "not JSON"]),
        ("a: [1\nb: 2\n", "t.yaml", ["line 2"]),
        ("[1, 2]", "t.json", ["[0]: must be a mapping, not a number"]),
        ("[]", "t.json", ["holds 0 tasks"]),
        ("3", "t.json", ["must be a mapping"]),
        ('{"type": "command", "type": "test"}', "t.json", ["line 1, column 21", "'type' stands twice"]),
        ("type: command\ntype: test\n", "t.yaml", ["line 2", "twice"]),
        (
            '{"type": "command", "config": {"argv": ["a"], "timeout": NaN}}',
            "t.json",
            ["line 1, column 58", "NaN is not JSON"],
        ),
        (
            '{"a": "NaN {",\n "b": {"a": 1}, "c": {"x": 1,\n  "x": -Infinity}}',
            "t.json",
            ["line 3, column 8", "-Infinity"],
        ),
        ('{"a": "\\"a\\":",\n "b": {"a": 1},\n "a": 1}', "t.json", ["line 3, column 2", "'a' stands twice"]),
        ("type: command\nconfig: {argv: [a], env: {'': x}}\n", "t.yaml", ["config.env.'': the name of a variable is"]),
        ('{"type": "command", "config": {"argv": ["a"], "timeout": 1e999}}', "t.json", ["config.timeout", "finite"]),
        ("type: command\nconfig:\n  argv: [a]\n  timeout: .nan\n", "t.yaml", ["line 4", "config.timeout", "finite"]),
        ("type: command\nconfig:\n  argv: [a]\n  timeout: -5\n", "t.yaml", ["line 4", "must be from"]),
        ("type: command\nconfig: {argv: [a], timeout: yes}\n", "t.yaml", ["must be a number, not true or false"]),
        ("type: command\nconfig: {argv: echo}\n", "t.yaml", ["config.argv: must be a list"]),
        ("type: command\nconfig: {argv: []}\n", "t.yaml", ["'argv' is missing"]),
        ("type: command\nconfig: {argv: [echo, 5]}\n", "t.yaml", ["config.argv[1]", "put it in quotes"]),
        ("type: command\nconfig: {argv: [echo], evn: {}}\n", "t.yaml", ["'evn' (did you mean 'env'?)"]),
        ("type: commnad\nconfig: {argv: [echo]}\n", "t.yaml", ["unknown type 'commnad' (did you mean 'command'?)"]),
        (
            "type: benchmark\nconfig: {modle: bert}\n",
            "t.yaml",
            ["'model' is missing", "'modle' (did you mean 'model'?)"],
        ),
        (
            "type: browser\nconfig: {target: a}\n",
            "t.yaml",
            ["'check' is missing; it is one of wgsl, model, page, script"],
        ),
        ("type: test\nconfig: {}\n", "t.yaml", ["'test_file' is missing"]),
        (
            "type: test\nconfig: {test_file: a, hardware_requirements: {hardware: cdua}}\n",
            "t.yaml",
            ["unknown hardware 'cdua' (did you mean 'cuda'?)"],
        ),
        (
            "type: test\nconfig: {test_file: a, hardware_requirements: {hardware: cuda, fallback: [cuda, cpp]}}\n",
            "t.yaml",
            ["hardware_requirements.fallback: cuda is what is asked for already", "unknown hardware 'cpp'"],
        ),
        (
            "type: test\nconfig: {test_file: a, hardware_requirements: {hardwar: cuda, vram_gb: [1]}}\n",
            "t.yaml",
            ["unknown key 'hardwar' (did you mean 'hardware'?)", "vram_gb: must be a number, a text such as '>=24'"],
        ),
        (
            "type: test\nconfig:\n  test_file: a\n  software_requirements: {python: '>=3.11'}\n",
            "t.yaml",
            ["line 4", "config.software_requirements: cannot be enforced"],
        ),
        (
            "type: test\ninject: {type: gpu_eror, intensity: worst, modul: a}\nconfig: {test_file: a}\n",
            "t.yaml",
            ["line 2", "unknown key 'modul' (did you mean 'module'?)"],
        ),
        (
            "type: test\ninject:\n  type: gpu_eror\n  intensity: worst\nconfig: {test_file: a}\n",
            "t.yaml",
            [
                "line 3: inject.type: unknown type of failure 'gpu_eror' (did you mean 'gpu_error'?)",
                "line 4",
                "'worst'",
            ],
        ),
        ("type: test\ninject: {type: crash}\nconfig: {test_file: a}\n", "t.yaml", ["inject: 'intensity' is missing"]),
        (
            "type: test\ninject: crash\nconfig: {test_file: a}\n",
            "t.yaml",
            ["'crash' is not a failure to inject"],
        ),
        ("type: test\ninject: api_error mild\nconfig: {test_file: a}\n", "t.yaml", ["module=NAME or command=NAME"]),
        (
            "type: command\ninject: gpu_error mild\nconfig: {argv: [a]}\n",
            "t.yaml",
            ["line 2: inject: gpu_error mild is not available for tests and commands: nothing outside"],
        ),
        (
            "type: test\ninject: api_error mild module=os\nconfig: {test_file: a}\n",
            "t.yaml",
            ["the module os cannot be broken"],
        ),
        (
            "type: benchmark\ninject: crash mild\nconfig: {model: mlp}\n",
            "t.yaml",
            ["inject: a benchmark takes no injected failure"],
        ),
        (
            "type: browser\ninject: crash mild\nconfig: {check: script, target: a.py}\n",
            "t.yaml",
            ["inject: check: script takes no injected failure"],
        ),
        ("type: test\npriority: 11\nconfig: {test_file: a}\n", "t.yaml", ["line 2", "priority: must be from 0 to 10"]),
        ("type: test\npriority: 1.5\nconfig: {test_file: a}\n", "t.yaml", ["must be a whole number"]),
        ("type: test\nname: [1]\nconfig: {test_file: a}\n", "t.yaml", ["name: must be a text, not a list"]),
        ("type: command\nconfig: {argv: [echo], env: {DTF_X: a}}\n", "t.yaml", ["dtf's own"]),
        ('{"type": "command", "config": {"argv": ["a\\u0000b"]}}', "t.json", ["config.argv[0]: has a NUL byte"]),
        ('{"type": "command", "name": "' + "x" * 1000 + '", "config": {"argv": ["a"]}}', "t.json", ["too long"]),
        (b"type: \x00", "t.yaml", ["NUL byte"]),
        (b"\xff\xfe\x00", "t.yaml", ["not UTF-8"]),
        ("type: !!python/object/apply:os.system ['id']\n", "t.yaml", ["tag", "not allowed"]),
        ("!mine {type: test}\n", "t.yaml", ["tag '!mine' is not allowed"]),
        (BOMB, "t.yaml", ["aliases are expanded"]),
        ("a: &a [*a]\n", "t.yaml", ["contains itself"]),
        ("1: x\n", "t.yaml", ["the key '1' is not a text"]),
        ("[" * 50_000, "t.json", ["nested too deeply"]),
        ("[" * 5_000, "t.yaml", ["nested too deeply"]),
        ("a: 1\n---\nb: 2\n", "t.yaml", ["line 2"]),
        ("x" * (2**20 + 1), "t.yaml", ["larger than"]),
        ('{"type": "command", "priority": ' + "9" * 5000 + ', "config": {"argv": ["a"]}}', "t.json", ["cannot be"]),
    ],
)
def test_a_bad_file_is_refused_with_the_place_and_the_reason(
    tmp_path: Path, text: str | bytes, name: str, parts: list[str]
) -> None:
    """No bad task file gets through, and each message says where and why."""
    told = message(write(tmp_path, text, name))
    assert name in told
    if "cannot be" in parts:
        assert "must be from" in told or "cannot be read" in told or "JSON" in told
        return
    for part in parts:
        assert part in told


@pytest.mark.parametrize("value", ["true", "[crash mild, timeout mild]", "7", '"a\\0b"'])
def test_what_only_follows_from_a_problem_is_not_told(tmp_path: Path, value: str) -> None:
    """An ``inject`` that is neither a mapping nor a text has no type that could be missing."""
    told = message(write(tmp_path, f"type: test\ninject: {value}\nconfig: {{test_file: a}}\n"))
    assert [line.partition(": inject: ")[0] for line in told.splitlines()[1:]] == ["  line 2"]
    assert "must be a mapping with type and intensity, or a text" in told or "has a NUL byte" in told


def test_all_problems_are_told_at_once_with_their_lines_in_json_too(tmp_path: Path) -> None:
    """JSON has no line numbers of its own; the message has them all the same."""
    text = json.dumps({"type": "command", "prio": 1, "config": {"argv": "x", "timeout": -1}}, indent=1)
    told = message(write(tmp_path, text, "t.json"))
    assert "line 3: prio: unknown key 'prio' (did you mean 'priority'?)" in told
    assert "line 5: config.argv" in told
    assert "line 6: config.timeout" in told


def test_what_is_no_regular_file_is_refused_without_blocking(tmp_path: Path) -> None:
    """A FIFO that nobody writes to, a directory, a device and nothing at all."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert "FIFO" in message(fifo)
    assert "directory" in message(tmp_path)
    assert "not a regular file" in message(Path("/dev/zero"))
    assert "no such file" in message(tmp_path / "missing")
    assert "cannot be read" in message(Path("x" * 5000))


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_a_directory_that_is_missing_is_told_with_file_and_line(tmp_path: Path, suffix: str) -> None:
    """What only shows when the task is placed has its place in the file all the same."""
    text = json.dumps([{"type": "command", "config": {"argv": ["a"]}}] * 2, indent=1).replace(
        '"a"\n   ]\n  }\n }\n]', '"a"\n   ],\n   "cwd": "nope"\n  }\n }\n]'
    )
    number = text[: text.index("nope")].count("\n") + 1
    file = load_task_file(write(tmp_path, text, f"t.{suffix}"))
    with pytest.raises(BadInputError) as caught:
        place_tasks(file.tasks, tmp_path, environ={}, in_place=True, tell=file.message)
    assert f"t.{suffix}: the task file" in str(caught.value)
    assert f"line {number}: [1].config.cwd: 'nope': there is no such directory" in str(caught.value)
