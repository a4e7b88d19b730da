import asyncio
import os
from pathlib import Path

import pytest

from dtf.execution.browser_host.http_message import Request, Response
from dtf.execution.browser_host.page_mailbox import PageMailbox
from dtf.execution.browser_host.server import LoopbackServer


class Echo:
    """Takes three bytes and gives them back."""

    def admit(self, request: Request) -> int:
        assert request.method == "POST"
        return 3

    async def receive(self, request: Request, body: bytes) -> Response:
        assert request.path.startswith("/__dtf__/")
        return Response(body=body)


async def ask(server: LoopbackServer, head: str, body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    """Send a request as it stands, and read the answer to its end."""
    port = int(server.origin.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head.replace("HOST", f"127.0.0.1:{port}").replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
    answer = await asyncio.wait_for(reader.read(), 30)
    writer.close()
    top, _, rest = answer.partition(b"\r\n\r\n")
    first, *lines = top.decode().split("\r\n")
    return int(first.split()[1]), {k.lower(): v for k, _, v in (line.partition(": ") for line in lines)}, rest


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of files, with temptations around it and in it."""
    folder = tmp_path / "site"
    (folder / "sub").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("secret")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "index.html").write_text("home")
    (folder / "sub" / "m ä.mjs").write_text("export {}")
    (folder / "a.wasm").write_bytes(b"\0asm")
    (folder / "model.onnx").write_bytes(b"x" * 600_000)
    (folder / "inside.mjs").symlink_to("sub/m ä.mjs")
    (folder / "outside.txt").symlink_to("../secret.txt")
    (folder / "up").symlink_to("..")
    os.mkfifo(folder / "pipe")
    return folder


def test_files_are_served_with_what_modules_and_threads_need(site: Path) -> None:
    """Each file has its type, the page is isolated, and links that stay inside are followed."""

    async def look() -> None:
        async with LoopbackServer(folders={"/": site}) as server:
            for path, media_type, length in (
                ("/", "text/html; charset=utf-8", 4),
                ("/sub/m%20%C3%A4.mjs?v=1", "text/javascript; charset=utf-8", 9),
                ("/inside.mjs", "text/javascript; charset=utf-8", 9),
                ("/a.wasm", "application/wasm", 4),
                ("/model.onnx", "application/octet-stream", 600_000),
            ):
                status, headers, body = await ask(server, f"GET {path} HTTP/1.1\nHost: HOST")
                assert (status, headers["content-type"], len(body)) == (200, media_type, length)
                assert headers["cross-origin-opener-policy"] == "same-origin"
                assert headers["cross-origin-embedder-policy"] == "require-corp"
            status, headers, body = await ask(server, "HEAD /model.onnx HTTP/1.1\nHost: HOST")
            assert (status, headers["content-length"], body) == (200, "600000", b"")

    asyncio.run(look())


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET /../secret.txt HTTP/1.1\nHost: HOST", 404),
        ("GET /%2e%2e/secret.txt HTTP/1.1\nHost: HOST", 404),
        ("GET /..%2fsecret.txt HTTP/1.1\nHost: HOST", 404),
        ("GET /sub/..%5c..%5csecret.txt HTTP/1.1\nHost: HOST", 404),
        ("GET //etc/passwd HTTP/1.1\nHost: HOST", 404),
        ("GET /outside.txt HTTP/1.1\nHost: HOST", 404),
        ("GET /up/secret.txt HTTP/1.1\nHost: HOST", 404),
        ("GET /.git/config HTTP/1.1\nHost: HOST", 404),
        ("GET /pipe HTTP/1.1\nHost: HOST", 404),
        ("GET /sub HTTP/1.1\nHost: HOST", 404),
        ("GET /a%00.wasm HTTP/1.1\nHost: HOST", 404),
        ("GET /%ff HTTP/1.1\nHost: HOST", 400),
        ("GET / HTTP/1.1\nHost: evil.example", 421),
        ("GET / HTTP/1.1", 421),
        ("GET http://evil.example/ HTTP/1.1\nHost: HOST", 421),
        ("CONNECT evil.example:443 HTTP/1.1\nHost: HOST", 421),
        ("PUT /index.html HTTP/1.1\nHost: HOST\nContent-Length: 1", 405),
        ("POST /index.html HTTP/1.1\nHost: HOST\nContent-Length: 1", 405),
        ("nonsense", 400),
        ("GET / HTTP/1.1\nHost: HOST\nX: " + "y" * 40_000, 431),
    ],
)
def test_nothing_else_is_given(site: Path, head: str, status: int) -> None:
    """What lies outside, is hidden, is no file, or is asked for another host, is refused."""

    async def look() -> None:
        async with LoopbackServer(folders={"/": site}, mailbox=Echo()) as server:
            found, _, body = await ask(server, head)
            assert found == status
            assert b"secret" not in body
            # and it goes on
            assert (await ask(server, "GET / HTTP/1.1\nHost: HOST"))[2] == b"home"

    asyncio.run(look())


def test_messages_need_the_token_and_are_bounded() -> None:
    """The mailbox hears only who knows where it is, and nothing that is longer than it admits."""

    async def look() -> None:
        async with LoopbackServer(mailbox=Echo()) as server:
            post = "POST {} HTTP/1.1\nHost: HOST\nContent-Length: {}"
            assert (await ask(server, post.format(server.own + "x", 3), b"abc"))[2] == b"abc"
            assert (await ask(server, post.format("/__dtf__/guess/x", 3), b"abc"))[0] == 405
            assert (await ask(server, post.format(server.own + "x", 4)))[0] == 413
            assert (await ask(server, post.format(server.own + "x", -1)))[0] == 411
            assert (await ask(server, post.format(server.own + "x", 10**20)))[0] == 411

    asyncio.run(look())


def test_what_is_no_message_is_refused(tmp_path: Path) -> None:
    """A page that speaks to the mailbox without window.dtf cannot break it."""

    async def look() -> None:
        mailbox = PageMailbox(folder=tmp_path / "kept")
        async with LoopbackServer(mailbox=mailbox) as server:
            for body in (b"", b"[]", b"null", b"{}", b"[" * 100_000, b"\xff", b'{"messages": 3}'):
                head = f"POST {server.own}messages?id=1-NaN HTTP/1.1\nHost: HOST\nContent-Length: {len(body)}"
                assert (await ask(server, head, body))[0] == 400
            odd = b'{"messages": [3, {"kind": "metric", "name": 3, "value": []}, {"kind": "pass", "uncaught": 7}]}'
            head = f"POST {server.own}messages?id=x HTTP/1.1\nHost: HOST\nContent-Length: {len(odd)}"
            assert (await ask(server, head, odd))[0] == 200
            assert mailbox.said.done()
            assert mailbox.complete.is_set()
            assert (mailbox.metrics, mailbox.cases, mailbox.lines) == ((), (), ())

    asyncio.run(look())


def test_an_artifact_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """The page hears it, and so do people; nothing waits for it."""
    (tmp_path / "kept").touch()

    async def look() -> None:
        mailbox = PageMailbox(folder=tmp_path / "kept")
        async with LoopbackServer(mailbox=mailbox) as server:
            head = f"POST {server.own}artifact?name=a.txt&id=1-1 HTTP/1.1\nHost: HOST\nContent-Length: 1"
            assert (await ask(server, head, b"x"))[0] == 507
            verdict = b'{"messages": [{"kind": "pass"}], "pending": ["1-1"]}'
            head = f"POST {server.own}messages?id=1-2 HTTP/1.1\nHost: HOST\nContent-Length: {len(verdict)}"
            assert (await ask(server, head, verdict))[0] == 200
        assert mailbox.complete.is_set()
        assert "could not be written" in mailbox.notes[0]

    asyncio.run(look())
