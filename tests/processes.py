"""Our programs as real processes, forked in a moment from one warm process that has imported everything.

    def test_a_worker_does_what_is_due(programs):
        worker = programs.start("worker", "--concurrency", "1")
        ...
        worker.kill()

They run on the test's database, DATA_DIR and broker, with the settings and the environment that the test
changes, and have all ended when it does; a failing test shows their logs. The warm process is Python's own
fork server.
"""

import ctypes
import multiprocessing
import os
import pkgutil
import signal
import socket
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from functools import partial
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import UserSettingsHolder, settings
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from shopfolio.lib.process import PR_SET_PDEATHSIG

FORKS = multiprocessing.get_context("forkserver")
LOCAL = "127.0.0.1"


class Program:
    """A running process of ours and whoever it has started."""

    def __init__(self, name: str, run: Callable[[], None], log: Path) -> None:
        self.name, self._log = name, log
        self._process = FORKS.Process(target=run, name=name, daemon=True)
        self._process.start()
        self.pid: int = self._process.pid or 0
        self.url = ""

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    @property
    def exit_code(self) -> int | None:
        """None while it runs; -9 after SIGKILL."""
        return self._process.exitcode

    def kill(self) -> None:
        """SIGKILL to the main process alone."""
        self._process.kill()
        self._process.join()

    def stop(self, seconds: float = 30) -> int | None:
        """Ask politely and wait; the exit code."""
        self._process.terminate()
        self._process.join(seconds)
        assert not self.is_alive, f"{self.name} does not stop\n{self.log()}"
        return self.exit_code

    def children(self) -> list[int]:
        """Everybody else of its session who is alive, also after its own death."""
        return [pid for pid in pids() if pid != self.pid and session_of(pid) == self.pid]

    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def kill_all(self) -> None:
        """SIGKILL to the whole session, as when a container ends."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.join()


class Programs:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.all: list[Program] = []

    def start(self, what: str | Callable[..., Any], *args: Any, **overrides: Any) -> Program:
        """Run one of our commands, or a function of a module, in a process of its own.

        overrides: settings by name, anything else by dotted path:
        `**{"shopfolio.tasks.outbox.LEASE": timedelta(seconds=2)}`.
        """
        name = what if isinstance(what, str) else what.__name__
        log = self._folder / f"{len(self.all)}-{name}.log"
        log.touch()
        database = connection.settings_dict["NAME"]
        overrides = overridden_settings() | overrides
        program = Program(
            name, partial(run, what, args, dict(os.environ), overrides, str(database), log), log
        )
        self.all.append(program)
        return program

    def start_web(self, workers: int = 1, threads: int = 4, port: int = 0, **overrides: Any) -> Program:
        """A web server that answers at `.url`."""
        port = port or free_port()
        url = f"http://{LOCAL}:{port}"
        options = ("--workers", str(workers), "--threads", str(threads))
        web = self.start("web", *options, **({"PORT": port, "SITE_URL": url} | overrides))
        web.url = url
        wait_for(lambda: not web.is_alive or answers(url))
        assert web.is_alive, web.log()
        return web

    def logs(self) -> list[tuple[str, str]]:
        return [(f"log of {program.name} ({program.pid})", program.log()) for program in self.all]

    def end_all(self) -> None:
        for program in self.all:
            program.kill_all()


def run(
    what: str | Callable[..., Any],
    args: tuple[Any, ...],
    environment: dict[str, str],
    overrides: dict[str, Any],
    database: str,
    log: Path,
) -> None:
    """In the new process: become one of our programs."""
    die_with_parent()
    os.setsid()
    os.environ.update(environment)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    connection.settings_dict["NAME"] = database
    override_settings(**{name: value for name, value in overrides.items() if "." not in name}).enable()
    for path, value in overrides.items():
        if "." in path:
            place, _, name = path.rpartition(".")
            setattr(pkgutil.resolve_name(place), name, value)
    call_command(what, *args) if isinstance(what, str) else what(*args)


def overridden_settings() -> dict[str, Any]:
    """What the running test changes, by the `settings` fixture or `override_settings`."""
    found: dict[str, Any] = {}
    layer = settings._wrapped
    while isinstance(layer, UserSettingsHolder):
        found = {name: value for name, value in vars(layer).items() if name.isupper()} | found
        layer = layer.default_settings
    return found


def die_with_parent() -> None:
    """Nobody cleans up after a test run that was killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_for(what: Callable[[], Any], seconds: float = 60) -> Any:
    """The first true answer of `what`."""
    end = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < end, f"it did not happen within {seconds} seconds"
        time.sleep(0.05)
    return answer


def answers(url: str) -> bool:
    try:
        return requests.get(f"{url}/health/live", timeout=5).ok
    except requests.RequestException:
        return False


def free_port() -> int:
    with socket.socket() as found:
        found.bind((LOCAL, 0))
        return int(found.getsockname()[1])


def pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def session_of(pid: int) -> int | None:
    """None for a process that has ended."""
    try:
        state, _parent, _group, session = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:4]
    except OSError:
        return None
    return None if state == "Z" else int(session)


@pytest.fixture(scope="session")
def _warm_process() -> None:
    FORKS.set_forkserver_preload(["tests.warm"])
    forkserver.ensure_running()


@pytest.fixture
def programs(_warm_process: None, transactional_db: None, tmp_path: Path) -> Iterator[Programs]:
    """Starts our programs on the test's database; ends them before it is emptied."""
    started = Programs(tmp_path)
    yield started
    started.end_all()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: Any) -> Generator[None, Any, Any]:
    report = yield
    if report.failed:
        for name in {"programs", "site"} & item.funcargs.keys():
            report.sections += item.funcargs[name].logs()
    return report
