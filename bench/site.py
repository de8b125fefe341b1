"""The site and its peer, started as their users start them, on a folder and a database of their own."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import requests
from psycopg import sql

ROOT = Path(__file__).resolve().parent.parent
NOT_INHERITED = (
    "DATABASE_URL",
    "CACHE_URL",
    "CELERY_BROKER_URL",
    "SITE_URL",
    "EMAIL_URL",
    "STRIPE_",
    "DEBUG",
)


@dataclass(frozen=True)
class Shape:
    name: str
    environment: dict[str, str]


@dataclass(frozen=True)
class Server:
    port: int
    pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def processor_seconds(self) -> float:
        """What it and its workers have taken so far; nought where no /proc tells."""
        stats = [path.read_text().rpartition(")")[2].split() for path in Path("/proc").glob("[0-9]*/stat")]
        own = [stat for stat in stats if stat[1] == str(self.pid)]
        return sum(int(stat[11]) + int(stat[12]) for stat in own) / os.sysconf("SC_CLK_TCK")


@contextmanager
def site(shape: Shape, *, products: int, posts: int) -> Iterator[Server]:
    """The site with a large shop, answering."""
    folder, port = Path(tempfile.mkdtemp(prefix="shopfolio-bench-")), free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
    environment |= {"DATA_DIR": str(folder), "PORT": str(port), **shape.environment}
    try:
        with ExitStack() as stack:
            if "DATABASE_URL" in shape.environment:
                stack.enter_context(empty_database(shape.environment["DATABASE_URL"]))
            for command in (
                ["migrate", "--verbosity", "0"],
                ["collectstatic", "--noinput", "--verbosity", "0"],
                ["demo", "--products", str(products), "--posts", str(posts)],
            ):
                subprocess.run(  # noqa: S603
                    ours("shopfolio", *command),
                    cwd=ROOT,
                    env=environment,
                    stdout=subprocess.DEVNULL,
                    check=True,
                )
            yield stack.enter_context(serving(ours("shopfolio", "web"), port, environment, folder))
    finally:
        shutil.rmtree(folder)


@contextmanager
def bare() -> Iterator[Server]:
    port, folder = free_port(), Path(tempfile.mkdtemp(prefix="shopfolio-bench-"))
    try:
        with serving(ours("bench.bare", str(port)), port, dict(os.environ), folder) as server:
            yield server
    finally:
        shutil.rmtree(folder)


@contextmanager
def serving(command: list[str], port: int, environment: dict[str, str], folder: Path) -> Iterator[Server]:
    """Until the block ends; what it writes goes to a file, as a log does."""
    with (folder / "web.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)  # noqa: S603
        server = Server(port, process.pid)
        try:
            wait_until_it_answers(server, process, folder / "web.log")
            yield server
        finally:
            process.terminate()
            process.wait(timeout=30)


def wait_until_it_answers(server: Server, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        try:
            requests.get(server.url, timeout=10).raise_for_status()
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"{process.args} does not answer:\n{log.read_text(errors='replace')[-2_000:]}")


@contextmanager
def empty_database(url: str) -> Iterator[None]:
    """Made for this run, and dropped after it."""
    server, _slash, rest = url.rpartition("/") if "?" not in url else url.partition("?")[0].rpartition("/")
    name, query = rest.partition("?")[0], url.partition("?")[2]
    with psycopg.connect(f"{server}/postgres?{query}", autocommit=True) as connection:
        drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        connection.execute(drop)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield
        finally:
            connection.execute(drop)


def ours(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
