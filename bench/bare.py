"""The peer: Django's smallest site, one view that says "ok", on the web server that the shop runs on."""

import sys

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import path

if not settings.configured:
    settings.configure(
        ALLOWED_HOSTS=["127.0.0.1"],
        LOGGING={"version": 1},
        LOOPBACK=True,
        MIDDLEWARE=[],
        PORT=int(sys.argv[1]),
        ROOT_URLCONF=__name__,
        SECRET_KEY="only-for-the-benchmark",  # noqa: S106
        TRUSTED_PROXIES=["127.0.0.1"],
        WSGI_APPLICATION="bench.bare.application",
    )


def ok(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok", headers={"Content-Length": "2"})  # as the site's own answers state it


urlpatterns = [path("", ok)]

if __name__ == "__main__":
    # The server imports this file a second time, by its name.
    from shopfolio.tasks.management.commands.web import WebServer, server_options

    WebServer(server_options(workers=2, threads=4)).run()
else:
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
