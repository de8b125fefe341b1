"""Whose word counts about where a visitor comes from, and whether by https."""

from typing import Any

import pytest
import requests

pytestmark = [pytest.mark.django_db(transaction=True)]

THROUGH_HTTPS = {"X-Forwarded-Proto": "https"}


@pytest.mark.parametrize(("proxies", "status"), [(["127.0.0.1/32"], 200), (["10.9.9.0/24"], 301)])
def test_only_a_proxy_of_ours_is_believed_that_a_request_came_by_https(
    programs: Any, proxies: list[str], status: int
) -> None:
    web = programs.start_web(SECURE_SSL_REDIRECT=True, TRUSTED_PROXIES=proxies)

    answer = requests.get(f"{web.url}/robots.txt", headers=THROUGH_HTTPS, allow_redirects=False, timeout=10)

    assert answer.status_code == status


def test_without_a_word_about_https_it_came_without(programs: Any) -> None:
    web = programs.start_web(SECURE_SSL_REDIRECT=True)

    answer = requests.get(f"{web.url}/robots.txt", allow_redirects=False, timeout=10)

    assert (answer.status_code, answer.headers["Location"][:8]) == (301, "https://")


def test_no_header_says_where_the_site_lies(programs: Any) -> None:
    """Gunicorn takes SCRIPT_NAME from a proxy, and a proxy may hand on what a stranger wrote."""
    web = programs.start_web()

    told = requests.get(
        f"{web.url}//evil.example/shop/", headers={"SCRIPT_NAME": "//evil.example"}, timeout=10
    )

    assert "//evil.example" not in told.text
    assert told.status_code == 404
