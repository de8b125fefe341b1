"""Logging in with an account elsewhere: there when SOCIAL_LOGIN says so, and nowhere else."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.urls import NoReverseMatch, reverse

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).with_name("social_site.py")


def test_with_github_people_log_in_and_nobody_takes_anothers_account(tmp_path):
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "shopfolio.settings", "SOCIAL_LOGIN": "github:id-1:secret-1",
    }  # fmt: skip

    played = subprocess.run([sys.executable, PROGRAM], env=environment, capture_output=True, text=True)

    assert played.returncode == 0, played.stderr
    assert json.loads(played.stdout) == {
        "offered": True,
        "leads to": "https://github.com/login/oauth/authorize",
        "form-action": True,
        "then": "/shop/",
        "session lasts": True,
        "new account": "ana@example.org",
        "may log in by password": False,
        "again": ["ana@example.org", 1],
        "taken along": ["github", "1", "Ana Reis"],
        "pages": [200, 200, True, True],
        "somebody else's": ["/account/login/", None],
        "not confirmed": ["/account/login/", None],
        "accounts": ["ana@example.org", "rui@example.org"],
    }


@pytest.mark.django_db
def test_without_it_no_page_mentions_it(client):
    page = client.get("/account/login/").content.decode()

    assert "GitHub" not in page
    assert client.get("/account/social/github/login/").status_code == 404
    with pytest.raises(NoReverseMatch):
        reverse("socialaccount_connections")
