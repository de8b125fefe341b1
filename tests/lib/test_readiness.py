import pytest

from shopfolio.lib import readiness


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ([], ""),
        (
            ["tasks.9998_later"],
            "shopfolio: A newer version has prepared the database (tasks.9998_later is not known here). "
            "This one goes on as well as it can.\n",
        ),
        (
            ["users.9999_later", "tasks.9998_later"],
            "shopfolio: A newer version has prepared the database (tasks.9998_later and more is not known "
            "here). This one goes on as well as it can.\n",
        ),
    ],
)
def test_a_database_newer_than_the_code_is_said_and_does_not_end_the_start(monkeypatch, capsys, more, said):
    applied = readiness.migrations_here() | set(more)
    monkeypatch.setattr(readiness, "applied_migrations", lambda: applied)

    readiness.refuse_unready_database()

    assert capsys.readouterr().err == said
