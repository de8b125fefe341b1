"""A wrong value in the environment ends the start with a sentence that names it, and tells no secret."""

import os
import re
import runpy
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from shopfolio import settings as module
from tests.test_settings import shopfolio

LISTED = re.findall(
    r"^\| `([A-Z_0-9]+)` \|",
    (Path(__file__).parent.parent / "docs" / "configure.md").read_text("utf-8"),
    re.MULTILINE,
)
WRONG = {
    "SITE_URL": [
        "ines.example", "ftp://ines.example", "https://", "https://a@b@c", "https://ines.example:99999",
        "https://ines example", "https://ines.example/shop", "https://ines.example/#x", "https://[::1",
        "https://ines.example?x", "https://ines.example:", 'https://a"b', "https://user:word@ines.example",
    ],
    "PORT": ["eighty", "0", "65535", "80.5", "-1", "8_000", "٨٠٠٠", "+80"],
    "ALLOWED_HOSTS": ["*", "https://ines.example", "a b", "a/b", "ines.example:8000", "ines.example,*"],
    "TRUSTED_PROXIES": ["*", "proxy", "10.0.0.1/8", ",", "10.0.0.0/33"],
    "SECRET_KEY": ["short", "word" * 12],
    "SECRET_KEY_FALLBACKS": ["word", "x" * 60 + ",word"],
    "DATABASE_URL": [
        "mysite", "mysql://a/b", "oracle://a/b", "postgres://", "postgres:///", "postgres://a:word/b",
        "sqlite://:memory:x",
    ],
    "CACHE_URL": ["memcached://x", "redis://", "redis://h:word/1", "redis://h/x", "filesystem://", "locmem"],
    "CELERY_BROKER_URL": ["amqp://x", "memory://", "redis://h:word", "locmem://", "x", "sqla+sqlite:///x"],
    "EMAIL_URL": ["smtp", "smtp://", "smtp://h:word", "smpt://h", "consolemail://", "dummymail://"],
    "DEFAULT_FROM_EMAIL": ["nonsense", "Ines <x>", "@ines.example", "ines@", "a@b.example\nBcc: c@d.example"],
    "STRIPE_SECRET_KEY": ["pk_live_word", "word", "sk_live_", "sk_test_é", "sk_test_word,sk_test_word"],
    "STRIPE_WEBHOOK_SECRET": ["word", "whsec_", "whsec_a,word"],
    "STRIPE_API_BASE": ["api.stripe.com", "ftp://x", "https://api.stripe.com/v1"],
    "STRIPE_CHECKOUT_ORIGIN": ["pay.example.org", "http://pay.example.org", "https://x; script-src *"],
    "SOCIAL_LOGIN": ["github", "github:word", "word:id:word", "github:id:word:word", "github: :word"],
    "TIME_ZONE": ["Lisbon", "Europe", "GMT+1:30", "../etc/passwd", "/etc/localtime"],
    "LOG_FORMAT": ["xml", "JSON"],
    "DEBUG": ["maybe", "2"],
}  # fmt: skip
SECRET = {
    "SECRET_KEY", "SECRET_KEY_FALLBACKS", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "SOCIAL_LOGIN",
}  # fmt: skip
RIGHT = {
    "SITE_URL": ["https://INES.example", "http://[::1]:8000", "https://ines.example/", "http://my_site:80"],
    "ALLOWED_HOSTS": ["ines.example, .ines.example", "[::1],10.0.0.1", ","],
    "DATABASE_URL": ["postgres://a:p%40w@h:5432/b?sslmode=require", "postgresql:///b", "sqlite:////tmp/x"],
    "CACHE_URL": ["rediss://:w@h:6379/2?ssl_cert_reqs=none", "redis://my_redis"],
    "EMAIL_URL": ["smtp+tls://a@b.example:pa%2Fss@mail.example:587", "smtp://localhost:25", "smtps://h"],
    "DEFAULT_FROM_EMAIL": ["Inês Calder <hello@ines.example>", "hello@localhost"],
    "SOCIAL_LOGIN": ["github:id-1:secret_1, gitlab:id:secret"],
    "TIME_ZONE": ["Europe/Lisbon", "Etc/GMT-2"],
    "STRIPE_WEBHOOK_SECRET": ["whsec_a, whsec_b"],
    "STRIPE_SECRET_KEY": ["rk_live_Aa0", "sk_test_simulator_a-_"],
}


def read(monkeypatch: pytest.MonkeyPatch, folder: Path, **environment: str) -> dict[str, Any]:
    """The settings in this environment alone."""
    for name in [name for name in os.environ if name.removesuffix("_FILE") in LISTED]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DATA_DIR", str(folder))
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return runpy.run_path(str(module.__file__))


def test_every_variable_is_tried() -> None:
    assert {*WRONG, "DATA_DIR"} == set(LISTED)


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in WRONG.items() for value in values]
)
def test_a_wrong_value_is_refused_by_name(monkeypatch, tmp_path, name, value):
    with pytest.raises(ImproperlyConfigured) as refused:
        read(monkeypatch, tmp_path, **{name: value})

    sentence = str(refused.value)
    assert sentence.startswith(f"{name} ")
    assert "must" in sentence
    assert name not in SECRET or "word" not in sentence


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in RIGHT.items() for value in values]
)
def test_a_right_value_is_taken(monkeypatch, tmp_path, name, value):
    assert read(monkeypatch, tmp_path, **{name: value})["SITE_URL"]


def test_a_server_that_falls_silent_is_given_up_unless_the_address_says_otherwise(monkeypatch, tmp_path):
    url = "postgres://h/b?tcp_user_timeout=60000"

    usual = read(monkeypatch, tmp_path, DATABASE_URL="postgres://h/b")["DATABASES"]["default"]["OPTIONS"]
    own = read(monkeypatch, tmp_path, DATABASE_URL=url)["DATABASES"]["default"]["OPTIONS"]

    assert usual == {"connect_timeout": 5, "tcp_user_timeout": 8_000}
    assert own == {"connect_timeout": 5, "tcp_user_timeout": 60_000}


@pytest.mark.parametrize("folder", ["/proc/nowhere", "/etc/passwd", "/dev/null/x"])
def test_a_data_folder_that_cannot_be_one_is_refused_by_name(monkeypatch, folder):
    with pytest.raises(
        ImproperlyConfigured, match=f"^DATA_DIR is '{folder}'; it must be a folder to write into"
    ):
        read(monkeypatch, folder)


def test_a_data_folder_that_is_not_ours_is_refused_by_name(monkeypatch, tmp_path):
    monkeypatch.setattr("os.access", lambda *args: False)  # root may write everywhere

    with pytest.raises(ImproperlyConfigured, match=r"^DATA_DIR is .* to write into \(not allowed\)"):
        read(monkeypatch, tmp_path)


def test_keys_that_cannot_be_read_are_named(monkeypatch, tmp_path):
    (tmp_path / "keys" / "secret_key").mkdir(parents=True)

    with pytest.raises(
        ImproperlyConfigured, match=r"secret_key can be neither read nor made \(Is a directory\)"
    ):
        read(monkeypatch, tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"\xff\xfe", "holds no text"),
        (b" \n", "is empty"),
    ],
)
def test_a_secrets_file_without_a_secret_is_named(monkeypatch, tmp_path, content, words):
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ImproperlyConfigured) as refused:
        read(monkeypatch, tmp_path, STRIPE_SECRET_KEY_FILE=str(path))

    assert str(refused.value) == f"STRIPE_SECRET_KEY_FILE: {path} {words}."


@pytest.mark.parametrize("command", ["check", "web", "up"])
def test_every_program_ends_with_the_sentence_and_no_traceback(tmp_path, command):
    done = shopfolio(command, folder=tmp_path, CELERY_BROKER_URL="amqp://x")

    assert done.returncode == 1
    assert done.stderr == (
        "shopfolio: CELERY_BROKER_URL is 'amqp://x'; it must be an address such as redis://127.0.0.1:6379/1.\n"
    )


@pytest.mark.parametrize("command", ["up", "web", "migrate"])
def test_a_database_that_does_not_answer_ends_the_start(tmp_path, command):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    url = f"postgres://ines:word@127.0.0.1:{port}/site"

    done = shopfolio(command, folder=tmp_path, DATABASE_URL=url, PORT=str(free_port()))

    assert done.returncode == 1
    assert done.stderr.startswith("shopfolio: DATABASE_URL: the database does not answer (")
    assert "Connection refused" in done.stderr
    assert "word" not in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["up", "web"])
def test_a_database_that_is_not_prepared_ends_the_start(tmp_path, command):
    done = shopfolio(command, folder=tmp_path, PORT=str(free_port()))

    assert done.returncode == 1
    assert done.stderr == (
        "shopfolio: The database is not prepared for this version (core.0001_initial and more is missing). "
        "Run `shopfolio migrate` first.\n"
    )
    assert not (tmp_path / "shopfolio.sqlite3").exists(), "`make run` must still take it for a first start"
    assert not (tmp_path / "run").exists()


def free_port() -> int:
    """Below those that the system hands out: nobody takes it, or the next one, meanwhile."""
    for port in range(20_000 + os.getpid() % 10_000, 32_000, 2):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("no port is free")
