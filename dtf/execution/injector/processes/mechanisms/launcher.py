"""Starts a program without a network, or without some files; run as a script of its own, with the standard library.

``launcher.py [--cut | --loopback] [--hide PATH]... [--wait] -- PROGRAM [ARGUMENT]...``: ``--cut`` leaves no network at
all, ``--loopback`` the machine's own; ``--hide`` puts ``/dev/null`` over a file. With ``--wait`` it stops itself once
all is as it should be, and goes on when it is let. It needs root, or a kernel that lets users have namespaces of their
own. The program replaces it: the process stays the same.
"""

import ctypes
import errno
import fcntl
import os
import signal
import socket
import struct
import sys
from collections.abc import Sequence

_CLONE_NEWNS, _CLONE_NEWUSER, _CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1
_NOT_FOUND, _NOT_STARTED = 127, 126


def main(words: Sequence[str]) -> int:
    """Do what the arguments say; it returns only where that fails."""
    at = words.index("--")
    options, argv = list(words[:at]), list(words[at + 1 :])
    hidden = [options[place + 1] for place, word in enumerate(options) if word == "--hide"]
    try:
        _leave(network="--cut" in options or "--loopback" in options, files=bool(hidden))
        for path in hidden:
            _call("mount", b"/dev/null", os.fsencode(path), None, _MS_BIND, None)
        if "--loopback" in options:
            _raise_loopback()
        if "--wait" in options:
            os.kill(os.getpid(), signal.SIGSTOP)
        os.execvp(argv[0], argv)  # noqa: S606  # to start a program is what it is for
    except OSError as error:
        sys.stderr.write(f"{argv[0]} cannot be started: {error}\n")
        return _NOT_FOUND if error.errno == errno.ENOENT else _NOT_STARTED
    return 0


def _leave(*, network: bool, files: bool) -> None:
    """Leave the namespaces of the machine."""
    wanted = (_CLONE_NEWNET if network else 0) | (_CLONE_NEWNS if files else 0)
    user, group = os.geteuid(), os.getegid()
    if user != 0:
        _call("unshare", _CLONE_NEWUSER | wanted)
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123  # one less to import
                file.write(text)
    else:
        _call("unshare", wanted)
    if files:
        _call("mount", None, b"/", None, _MS_REC | _MS_PRIVATE, None)


def _raise_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plug:
        asked = fcntl.ioctl(plug, _SIOCGIFFLAGS, struct.pack("16sh22x", b"lo", 0))
        _, flags = struct.unpack_from("16sh", asked)
        fcntl.ioctl(plug, _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", flags | _IFF_UP))


def _call(name: str, *arguments: object) -> None:
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    if function(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
