"""`shopfolio up`: which programs make the site, and how each is kept alive."""

import os
import shlex
import sys
from pathlib import Path
from typing import NoReturn

from django.conf import settings

from shopfolio.lib.env import kept_secret
from shopfolio.lib.readiness import refuse_taken_port, refuse_uncollected_static, refuse_unready_database

SECONDS_TO_STOP = {"web": 10, "worker": 15, "beat": 5, "stripe_simulator": 5}


def up() -> NoReturn:
    """Become the supervisor of all programs. Needs only the settings, so that pages come soon."""
    simulated = settings.STRIPE_SIMULATED or not settings.STRIPE_SECRET_KEY
    refuse_taken_port(settings.PORT)
    programs = ["web", "worker", "beat"]
    if simulated:
        refuse_taken_port(settings.PORT + 1)
        make_simulator_secrets(key=settings.SIMULATOR_KEY_FILE, webhook=settings.SIMULATOR_WEBHOOK_FILE)
        programs.append("stripe_simulator")
    refuse_unready_database()
    refuse_uncollected_static()
    path = write_configuration(folder=settings.DATA_DIR / "run", programs=programs)
    sys.stdout.write(summary(simulated=simulated))
    sys.stdout.flush()
    os.environ["SHOPFOLIO_SUPERVISOR"] = str(os.getpid())
    os.execv(sys.executable, [sys.executable, "-m", "supervisor.supervisord", "-c", str(path)])  # noqa: S606


def summary(*, simulated: bool) -> str:
    lines = [
        "",
        f"  Your site       {settings.SITE_URL}/",
        f"  Back office     {settings.SITE_URL}/admin/",
    ]
    if not settings.EMAIL_URL:
        lines.append(f"  Mails           kept in {settings.MAIL_DIR} (no EMAIL_URL is set)")
    if simulated:
        lines.append("  Payments        simulated, no money moves (no STRIPE_SECRET_KEY is set)")
    return "\n".join([*lines, "  Stop with Ctrl-C.", "", ""])


def configuration(*, folder: Path, programs: list[str], to_stdout: bool) -> str:
    """folder: for the supervisor's own files, and for logs that cannot go to standard output."""
    own = {
        "nodaemon": "true",
        "silent": "true",
        **log_options("logfile", folder / "supervisor.log", to_stdout=to_stdout),
        "loglevel": "warn",
        "pidfile": str(folder / "supervisord.pid"),
        "childlogdir": str(folder),
    }
    if os.getuid() == 0:
        own["user"] = "root"  # said openly, or the supervisor warns of it at every start
    sections = {"supervisord": own} | {
        f"program:{name}": program(name)
        | log_options("stdout_logfile", folder / f"{name}.log", to_stdout=to_stdout)
        for name in programs
    }
    # Groups are stopped one after the other, the programs of one group together.
    sections["group:shopfolio"] = {"programs": ",".join(programs)}
    return "\n".join(section(title, values) for title, values in sections.items())


def log_options(option: str, file: Path, *, to_stdout: bool) -> dict[str, str]:
    """One stream for all, or a file for each, which with those before it stays within sixty megabytes."""
    if to_stdout:
        return {option: "/dev/stdout", f"{option}_maxbytes": "0"}
    return {option: str(file), f"{option}_maxbytes": "10MB", f"{option}_backups": "5"}


def program(name: str) -> dict[str, str]:
    python = shlex.quote(sys.executable)
    # Pages come first where the others want the same processor, above all while everything starts.
    nice = "" if name == "web" else "nice -n 5 "
    return {
        "command": f"{nice}{python} -m shopfolio {name}",
        "environment": f'SHOPFOLIO_PROCESS="{name}"',
        "autorestart": "true",
        "startsecs": "1",
        "startretries": "1000000",
        # The main process alone is asked to stop, so that a worker's children finish what they are at.
        "stopasgroup": "false",
        "killasgroup": "true",
        "stopwaitsecs": str(SECONDS_TO_STOP[name]),
        "redirect_stderr": "true",
    }


def section(title: str, values: dict[str, str]) -> str:
    lines = (f"{name} = {value.replace('%', '%%')}" for name, value in values.items())
    return "\n".join((f"[{title}]", *lines, ""))


def write_configuration(*, folder: Path, programs: list[str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "supervisord.conf"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(configuration(folder=folder, programs=programs, to_stdout=has_stdout()))
    return path


def has_stdout() -> bool:
    """Whether it can be opened by name, which it cannot where it is a socket."""
    try:
        os.close(os.open("/dev/stdout", os.O_WRONLY | os.O_APPEND))
    except OSError:
        return False
    return True


def make_simulator_secrets(*, key: Path, webhook: Path) -> None:
    """The key comes last: once it is there, the settings read both."""
    kept_secret(webhook, prefix="whsec_")
    kept_secret(key, prefix="sk_test_simulator_")
