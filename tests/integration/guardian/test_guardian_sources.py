"""Where a job's files come from."""

import subprocess

from dtf.domain.outcome import Outcome
from dtf.domain.source import Source, SourceKind
from dtf.execution.bundle import pack
from tests.integration.guardian.laboratory import GuardianProcess, Laboratory, until


def _bundle(lab: Laboratory, content: str) -> Source:
    place = lab.place / "project"
    (place / "sub").mkdir(parents=True, exist_ok=True)
    (place / "sub/data").write_text(content)
    digest = pack(place, lab.place / "b.tar.gz", 10**6)
    assert lab.ledger.blobs.put(lab.place / "b.tar.gz") == digest
    return Source(kind=SourceKind.BUNDLE, location=digest, subdirectory="sub")


def _reason(lab: Laboratory, guardian: GuardianProcess, source: Source) -> tuple[Outcome | None, str]:
    shard = lab.submit("true", source=source, max_retries=0)
    lab.run(guardian, shard)
    found = lab.shard(shard)
    return found.outcome, found.reason


def test_a_bundle_is_unpacked_once(lab: Laboratory) -> None:
    """A bundle arrives by its digest, the job runs in its subdirectory, and a second job finds it there."""
    source = _bundle(lab, "hello")
    guardian = lab.guardian()
    for _ in range(2):
        shard = lab.submit("cat", "data", source=source)
        lab.run(guardian, shard)
        assert lab.log(shard) == b"hello"
    assert len([path for path in (lab.place / "root/sources").iterdir() if path.is_dir()]) == 1


def test_old_sources_go(lab: Laboratory) -> None:
    """Over the cap the source that was not used for longest is removed; one in use is not."""
    guardian = lab.guardian("w1")
    name = {"HELD": str(lab.work / "pid")}
    held = lab.submit(
        "sh",
        "-c",
        "echo $$ > $HELD; sleep 600",
        source=_bundle(lab, "held"),
        environment=name,
    )
    with lab.begin(guardian, held):
        lab.pid()
        for content in ("one", "two"):
            lab.run(guardian, lab.submit("true", source=_bundle(lab, content)))
        lab.guardian("w2", source_count_cap=1)

        def left() -> set[str]:
            return {path.read_text() for path in (lab.place / "root/sources").glob("*/sub/data")}

        until(lambda: left() == {"held", "two"})


def test_a_git_revision_is_fetched(lab: Laboratory) -> None:
    """A git source is the files of exactly that revision."""
    place = lab.place / "repository"
    place.mkdir()

    def git(*arguments: str) -> str:
        command = ("git", "-c", "user.name=x", "-c", "user.email=x@x", *arguments)
        return subprocess.run(command, cwd=place, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")
    revisions = []
    for content in ("first", "second"):
        (place / "data").write_text(content)
        git("add", "-A")
        git("commit", "-q", "-m", content)
        revisions.append(git("rev-parse", "HEAD"))
    source = Source(kind=SourceKind.GIT, location=str(place), revision=revisions[0])
    shard = lab.submit("cat", "data", source=source)
    guardian = lab.guardian()
    lab.run(guardian, shard)
    assert lab.log(shard) == b"first"
    outcome, reason = _reason(lab, guardian, Source(kind=SourceKind.GIT, location=str(place), revision="0" * 40))
    assert outcome is Outcome.ERROR
    assert "git fetch failed" in reason or "git checkout failed" in reason


def test_a_source_that_cannot_be_had_is_named(lab: Laboratory) -> None:
    """A missing path, bundle, subdirectory or repository is the job's error; an unreachable host is not."""
    guardian = lab.guardian()
    missing = Source(kind=SourceKind.PATH, location="/no/such/place")
    outcome, reason = _reason(lab, guardian, missing)
    assert outcome is Outcome.ERROR
    assert "/no/such/place" in reason
    assert _reason(lab, guardian, Source(kind=SourceKind.BUNDLE, location="sha256:" + "0" * 64))[0] is Outcome.ERROR
    aside = Source(kind=SourceKind.PATH, location=str(lab.work), subdirectory="..")
    assert "leads out" in _reason(lab, guardian, aside)[1]
    option = Source(kind=SourceKind.GIT, location="--upload-pack=touch /tmp/x", revision="0" * 40)
    assert _reason(lab, guardian, option)[0] is Outcome.ERROR
    command = Source(kind=SourceKind.GIT, location="ext::sh -c touch% x", revision="0" * 40)
    assert "not allowed" in _reason(lab, guardian, command)[1]
    unreachable = Source(kind=SourceKind.GIT, location="http://127.0.0.1:9/x.git", revision="0" * 40)
    assert _reason(lab, guardian, unreachable)[0] is Outcome.INFRA


def test_a_result_does_not_need_the_source_any_more(lab: Laboratory) -> None:
    """Artifacts of a bundle's job are kept though the bundle's directory may go."""
    shard = lab.submit("sh", "-c", "echo x > r.txt", source=_bundle(lab, "a"), artifacts=("r.txt",))
    lab.run(lab.guardian(), shard)
    assert [artifact.name for _, _, artifact in lab.ledger.views.artifacts(lab.run_id(shard))] == ["r.txt"]
