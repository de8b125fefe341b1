import os
import re
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shopfolio.settings")

from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

get_wsgi_application()  # sets Django up


class WholeBody:
    """A request's body that raises when the connection ends before it does: half a form is none.

    Django never asks for more than is still to come.
    """

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def read(self, size: int) -> bytes:
        return self._whole(self.stream.read(size), least=size)

    def readline(self, size: int) -> bytes:
        return self._whole(self.stream.readline(size), least=1)

    @staticmethod
    def _whole(part: bytes, *, least: int) -> bytes:
        if len(part) < least:
            raise ConnectionError("the connection ended within a request")
        return part


class Handler(WSGIHandler):
    """Reads words as UTF-8, whatever charset a request states.

    A stated one would choose any codec of Python's before a middleware is asked: some raise, some make text
    that no database holds.
    """

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        stated = environ.get("CONTENT_TYPE", "")
        environ["CONTENT_TYPE"] = re.sub(r";\s*charset\s*=[^;]*", "", stated, flags=re.IGNORECASE)
        environ["wsgi.input"] = WholeBody(environ["wsgi.input"])
        return super().__call__(environ, start_response)


application = Handler()
