import json

import pytest

from shopfolio import settings as site
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


@pytest.fixture
def collected(settings, tmp_path):
    """The site's own settings for static files, and the file that `collectstatic` leaves."""
    settings.STORAGES = site.STORAGES
    settings.STATIC_ROOT = tmp_path
    return tmp_path / "staticfiles.json"


def test_the_site_starts_with_all_its_static_files(collected):
    paths = dict.fromkeys(readiness.static_files_here(), "a name with a hash")
    collected.write_text(json.dumps({"paths": paths}), "utf-8")

    readiness.refuse_uncollected_static()


@pytest.mark.parametrize("text", ["", "{}", '{"paths": {"shopfolio/site.css": "a name with a hash"}}'])
def test_without_some_of_its_static_files_the_site_does_not_start(collected, text):
    """Else every page, that of the error included, would be an error."""
    collected.write_text(text, "utf-8")

    with pytest.raises(readiness.Refused, match=r"are not collected for this version \(.* is missing\)"):
        readiness.refuse_uncollected_static()


def test_without_collected_static_files_the_site_does_not_start(collected):
    with pytest.raises(readiness.Refused, match="Run `shopfolio collectstatic --noinput` first"):
        readiness.refuse_uncollected_static()


def test_who_works_on_the_site_need_not_collect(collected, settings):
    settings.DEBUG = True

    readiness.refuse_uncollected_static()
