import logging
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest


def shopfolio(*words: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "shopfolio", *words],
        env=kept | {"DATA_DIR": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_open_site_passes_djangos_own_audit(tmp_path: Path) -> None:
    done = shopfolio(
        "check", "--deploy", "--fail-level", "WARNING", folder=tmp_path, SITE_URL="https://ines.example"
    )

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS is '*'"),
        ({"PORT": "eighty"}, "PORT is 'eighty'"),
        ({"SITE_URL": "ines.example"}, "SITE_URL is 'ines.example'"),
        ({"SITE_URL": "https://ines.example/site"}, "SITE_URL is"),
        ({"TRUSTED_PROXIES": "*"}, "TRUSTED_PROXIES is '*'"),
        ({"DEBUG": "maybe"}, "DEBUG is 'maybe'"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is too short"),
        ({"DATABASE_URL": "mysite"}, "DATABASE_URL is 'mysite'"),
        ({"CACHE_URL": "memcached://x"}, "CACHE_URL is 'memcached://x'"),
        ({"LOG_FORMAT": "xml"}, "LOG_FORMAT is 'xml'"),
        (
            {"STRIPE_SECRET_KEY": "sk_live_x", "STRIPE_API_BASE": "http://127.0.0.1:9"},
            "STRIPE_API_BASE is not Stripe's own, but STRIPE_SECRET_KEY is a live key",
        ),
    ],
)
def test_a_wrong_value_ends_the_start_with_a_sentence(
    tmp_path: Path, environment: dict[str, str], sentence: str
) -> None:
    done = shopfolio("check", folder=tmp_path, **environment)

    assert done.returncode == 1
    assert done.stderr.startswith("shopfolio: ")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_up_refuses_a_taken_port_before_it_starts_anything(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = shopfolio("up", folder=tmp_path, PORT=str(port))

    assert done.returncode == 1
    assert f"Port {port} cannot be used (Address already in use)" in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EMAIL_URL", "smpt://ines:pa/ss@word@mail.example"),
        ("DATABASE_URL", "mysqll://ines:pa/ss@word@db.example/site"),
        ("CACHE_URL", "memcached://ines:pa/ss@word@cache.example"),
        ("SITE_URL", "ftp://ines:pa/ss@word@ines.example"),
    ],
)
def test_a_refused_address_does_not_tell_its_password(tmp_path: Path, name: str, value: str) -> None:
    done = shopfolio("check", folder=tmp_path, **{name: value})

    assert done.returncode == 1
    assert f"{name} is '{value.partition(':')[0]}://…@" in done.stderr
    assert "pa/ss" not in done.stderr
    assert "ines:" not in done.stderr


def test_loopback_is_answered_whatever_hosts_are_named(tmp_path: Path) -> None:
    done = shopfolio("diffsettings", folder=tmp_path, ALLOWED_HOSTS="ines.example")

    assert "ALLOWED_HOSTS = ['ines.example', '127.0.0.1', 'localhost', '[::1]']\n" in done.stdout


def test_a_new_data_folder_is_its_owners_alone(tmp_path: Path) -> None:
    shopfolio("check", folder=tmp_path / "site")

    assert oct((tmp_path / "site").stat().st_mode)[-3:] == "700"
    assert oct((tmp_path / "site" / "keys" / "secret_key").stat().st_mode)[-3:] == "600"


@pytest.mark.parametrize("name", ["stripe", "gunicorn.http.wsgi", "django.security.DisallowedHost"])
def test_what_libraries_say_too_often_or_too_much_is_not_logged(name: str) -> None:
    assert not logging.getLogger(name).isEnabledFor(logging.WARNING if name != "stripe" else logging.INFO)
