"""The docs cover what there is, and nothing in the tree speaks of a place that only its authors have."""

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from dtf import hookspecs
from dtf.cli.catalogue import CATALOGUE
from dtf.settings.fields import SETTINGS, Setting
from tools import settings_reference

ROOT = Path(__file__).resolve().parents[3]
TEXTS = {".py", ".md", ".toml", ".txt", ".yaml", ".yml", ".sh", ".json", ".ini", ""}
SKIPPED = {".git", ".venv", "node_modules", "__pycache__", "build", "dist", "tmp"}


def every_text() -> list[Path]:
    """The files of the working tree that people read."""
    return [
        path
        for path in ROOT.rglob("*")
        if path.suffix in TEXTS
        and path.is_file()
        and not SKIPPED & set(path.relative_to(ROOT).parts)
        and not any(part.startswith(".") and part != ".ci" for part in path.relative_to(ROOT).parts)
    ]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_every_setting_is_documented(setting: Setting) -> None:
    """docs/settings.md names each setting, its variable and what it does."""
    page = (ROOT / "docs" / "settings.md").read_text()
    assert f"| `{setting.name}` | `{setting.variable}` |" in page
    assert setting.help in page


def test_the_settings_page_is_current() -> None:
    """docs/settings.md is what `make docs` would write now."""
    assert (ROOT / "docs" / "settings.md").read_text() == settings_reference.page()


def hook_names() -> list[str]:
    """The names of the hook specifications."""
    return [name for name, value in vars(hookspecs).items() if hasattr(value, "dtf_spec")]


def test_every_hook_is_documented() -> None:
    """docs/plugins.md names each hook."""
    page = (ROOT / "docs" / "plugins.md").read_text()
    assert hook_names()
    assert [name for name in hook_names() if f"`{name}" not in page] == []


def test_the_command_page_is_current() -> None:
    """docs/cli.md is what `make docs` would write now, in a process that no other test has touched."""
    check = [sys.executable, "-m", "tools.cli_reference", "--check"]
    done = subprocess.run(check, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", [name for name, entry in CATALOGUE.items() if not entry.hidden])
def test_every_flag_is_documented(name: str) -> None:
    """Each option of each command that people use stands in docs/cli.md under its command."""
    from dtf.cli.root import dtf

    command = dtf.get_command(click.Context(dtf), name)
    assert command is not None
    section = (ROOT / "docs" / "cli.md").read_text().partition(f"\n## dtf {name}\n")[2].partition("\n## dtf ")[0]
    commands = [command, *(command.commands.values() if isinstance(command, click.Group) else ())]
    page = section if len(commands) == 1 else (ROOT / "docs" / "cli.md").read_text()
    options = [option for each in commands for p in each.params for option in p.opts if isinstance(p, click.Option)]
    hidden = {o for each in commands for p in each.params if getattr(p, "hidden", False) for o in p.opts}
    assert [option for option in options if option not in page and option not in hidden] == []


def test_links_between_pages_lead_somewhere() -> None:
    """Each relative link in a page of the docs names a file that exists."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "examples").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\(([^)#:]+?)(?:#[^)]*)?\)", page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_the_readme_and_the_index_name_pages_that_exist() -> None:
    """Each `docs/...` or `examples/...` path that the README names exists."""
    named = re.findall(r"`((?:docs|examples|tools)/[\w./-]+)`", (ROOT / "README.md").read_text())
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_nothing_speaks_of_private_places() -> None:
    """No file names a directory, host or index that only the authors' machines have."""
    private = re.compile(
        "|".join(("/work" + "/", "b-" + "seed", "/opt/" + "pypi", "/opt/" + "wheels", "index-" + "url"))
    )
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in every_text()
        if (match := private.search(path.read_text(errors="replace")))
    ]
    assert found == []


def test_the_celery_app_of_the_docs_runs_as_it_stands(tmp_path: Path) -> None:
    """It is the example's, and its caller is told which call failed and which was refused; here without a worker."""
    section = (ROOT / "docs" / "circuit-breaker.md").read_text().partition("\n## In any Celery app\n")[2]
    snippet = section.partition("```python\n")[2].partition("```")[0]
    assert (ROOT / "examples" / "celery_breaker" / "app.py").read_text().endswith(snippet)
    (tmp_path / "app.py").write_text(snippet)
    call = """import app
app.app.conf.task_always_eager = True
for number in range(6):
    print(app.checkout(number, away=number > 0))
"""
    done = subprocess.run(
        [sys.executable, "-c", call],
        cwd=tmp_path,
        # nobody listens there: the breakers are this process's own
        env={**os.environ, "SHOP_REDIS": "redis://127.0.0.1:1/0"},
        capture_output=True,
        text=True,
        check=True,
    )
    first, *failed, last = done.stdout.splitlines()
    assert first == "order 0 is paid"
    assert failed == [f"order {number} failed: payments are away" for number in (1, 2, 3, 4)]
    assert last.startswith("order 5 is kept for later: the circuit breaker of celery/payments lets nothing through")
