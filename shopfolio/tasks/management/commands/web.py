import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.utils.module_loading import import_string
from gunicorn import glogging, util
from gunicorn.app.base import BaseApplication
from gunicorn.http import wsgi

from shopfolio.lib.http import SECURITY_HEADERS
from shopfolio.lib.process import end_with_parent, share_fate
from shopfolio.lib.readiness import refuse_taken_port, refuse_uncollected_static, refuse_unready


class PlainResponse(wsgi.Response):  # type: ignore[misc]
    def default_headers(self) -> list[str]:
        """Gunicorn's own, less the one that says who serves."""
        return [line for line in super().default_headers() if not line.startswith("Server:")]


def refuse_plainly(sock: Any, status_int: int, reason: str, mesg: str) -> None:
    """What is no HTTP gets no page, and nothing of it back. Otherwise as Gunicorn's own write_error."""
    headers = {"Connection": "close", "Content-Type": "text/plain; charset=utf-8"}
    headers |= SECURITY_HEADERS | {"Content-Length": str(len(reason))}
    lines = [f"HTTP/1.1 {status_int} {reason}", *(f"{name}: {value}" for name, value in headers.items())]
    util.write_nonblock(sock, "\r\n".join([*lines, "", reason]).encode("latin-1"))


class WebLog(glogging.Logger):  # type: ignore[misc]
    """Gunicorn's lines in our form. Requests have theirs already; strangers' nonsense is not repeated."""

    access_log_enabled = False

    def setup(self, cfg: Any) -> None:
        self.cfg = cfg
        self.error_log.setLevel("WARNING")
        self.error_log.propagate = True

    def warning(self, msg: str, *args: Any, **kwargs: Any) -> None:
        is_quote = msg.startswith("Invalid request from")  # and its address
        super().warning("Invalid request" if is_quote else msg, *args, **kwargs)

    def exception(self, msg: str, *args: Any, **kwargs: Any) -> None:
        super().exception("error in the web server", **kwargs)


class WebServer(BaseApplication):  # type: ignore[misc]
    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        wsgi.Response, util.write_error = PlainResponse, refuse_plainly
        return import_string(settings.WSGI_APPLICATION)


def end_with_server(server: Any, worker: Any) -> None:
    """Whoever outlives a killed main process, at a slow request, would keep its successor from the port."""
    share_fate(server.pid, signal.SIGKILL)


def server_options(*, workers: int, threads: int) -> dict[str, Any]:
    host = "127.0.0.1" if settings.LOOPBACK else "0.0.0.0"  # noqa: S104
    return {
        "bind": f"{host}:{settings.PORT}",
        "worker_class": "gthread",
        "workers": workers,
        "threads": threads,
        # Longer than the 20 s that a SQLite writer may wait for its turn.
        "timeout": 30,
        "graceful_timeout": 30,
        "forwarded_allow_ips": ",".join(settings.TRUSTED_PROXIES),
        "forwarder_headers": "",  # many a proxy hands SCRIPT_NAME on as a stranger wrote it
        "limit_request_line": 4094,
        "limit_request_fields": 60,
        "limit_request_field_size": 8190,
        "post_fork": end_with_server,
        "control_socket_disable": True,
        "proc_name": "shopfolio-web",
        "logger_class": WebLog,
    }


class Command(BaseCommand):
    help = "Serves the site over HTTP. Any number of these may run."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--workers", type=int, default=2, help="processes (2)")
        parser.add_argument("--threads", type=int, default=4, help="threads of each process (4)")

    def handle(self, *, workers: int, threads: int, **options: Any) -> None:
        end_with_parent()
        refuse_unready()
        refuse_uncollected_static()
        refuse_taken_port(settings.PORT, patience=5)
        WebServer(server_options(workers=workers, threads=threads)).run()
