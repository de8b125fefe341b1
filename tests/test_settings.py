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
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS contains *"),
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
