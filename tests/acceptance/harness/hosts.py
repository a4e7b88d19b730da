"""A second host on this machine: another network, another user, another file system except for the installed software.

What the two share is said by ``SHARED``: the interpreter, its virtual environment and dtf's own code, read-only. The
home directories, /tmp, /var/tmp, /dev/shm and the directory of the test are each host's own.
"""

import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dtf

#: Who works on the second host.
NOBODY = 65534

_PACKAGE = Path(dtf.__file__).resolve().parent

#: What both hosts have: the installed software.
SHARED = (Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), _PACKAGE)

#: How the second host's file system is made: the shared software is kept, everything private is covered.
_ENTER = """
set -e
mount --make-rprivate /
keep=/mnt
mount -t tmpfs none $keep
n=0
for path in {shared}; do n=$((n+1)); mkdir $keep/$n; mount --bind "$path" $keep/$n; done
mkdir $keep/own; mount --bind "{own}" $keep/own
for path in {hidden}; do mount -t tmpfs -o mode=755 none "$path"; done
for path in {scratch}; do mount -t tmpfs -o mode=1777 none "$path"; done
n=0
for path in {shared}; do n=$((n+1)); mkdir -p "$path"; mount --bind -o ro $keep/$n "$path"; done
mkdir -p "{own}"; mount --bind $keep/own "{own}"
umount -l $keep/own
cd "{own}"
exec ip netns exec {name} setpriv --reuid={user} --regid={user} --clear-groups -- "$@"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondHost:
    """The second host.

    Attributes:
        name: Its network namespace.
        address: Its own address.
        first_address: The first host's address, as the second reaches it.
        home: The only directory that its user can write to.
    """

    name: str
    address: str
    first_address: str
    home: Path

    def command(self, *argv: str) -> tuple[str, ...]:
        """The command line that runs ``argv`` there."""
        hidden = [path for path in ("/root", "/home", str(_PACKAGE.parent)) if Path(path).is_dir()]
        scratch = [path for path in ("/tmp", "/var/tmp", "/dev/shm") if Path(path).is_dir()]
        script = _ENTER.format(
            shared=" ".join(map(str, SHARED)),
            own=self.home,
            hidden=" ".join(hidden),
            scratch=" ".join(scratch),
            name=self.name,
            user=NOBODY,
        )
        return ("unshare", "--mount", "sh", "-c", textwrap.dedent(script), "sh", *argv)

    def environment(self) -> dict[str, str]:
        """The variables of its user."""
        return {
            "HOME": str(self.home),
            "PATH": f"{sys.prefix}/bin:/usr/local/bin:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "TMPDIR": str(self.home),
        }


@contextmanager
def second_host(home: Path) -> Iterator[SecondHost]:
    """Make the second host and remove it.

    Raises:
        subprocess.CalledProcessError: This machine does not allow it.
    """
    name = f"dtf{abs(hash(home)) % 10**6}"
    net = _free_net(abs(hash(home)))
    host = SecondHost(name=name, address=f"10.213.{net}.2", first_address=f"10.213.{net}.1", home=home)
    home.mkdir(parents=True)
    shutil.chown(home, NOBODY, NOBODY)
    home.chmod(0o700)
    _ip("netns", "add", name)
    try:
        _ip("link", "add", f"{name}a", "type", "veth", "peer", "name", f"{name}b", "netns", name)
        _ip("address", "add", f"{host.first_address}/24", "dev", f"{name}a")
        _ip("link", "set", f"{name}a", "up")
        _ip("-n", name, "address", "add", f"{host.address}/24", "dev", f"{name}b")
        _ip("-n", name, "link", "set", f"{name}b", "up")
        _ip("-n", name, "link", "set", "lo", "up")
        yield host
    finally:
        _ip("netns", "delete", name)


def _free_net(seed: int) -> int:
    """The third number of a network that no interface of this machine is in."""
    taken: str = subprocess.run(["ip", "-4", "-o", "address"], check=True, capture_output=True, text=True).stdout
    wanted: list[int] = [seed % 250, *range(250)]
    return next(net for net in wanted if f" 10.213.{net}." not in taken)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)
