import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from shopfolio.lib import env


@pytest.mark.parametrize(
    ("text", "value"), [("", False), ("off", False), ("No", False), ("1", True), ("TRUE", True)]
)
def test_a_flag_is_on_or_off(monkeypatch: pytest.MonkeyPatch, text: str, value: bool) -> None:
    monkeypatch.setenv("A_FLAG", text)

    assert env.flag("A_FLAG") is value


def test_a_wrong_flag_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_FLAG", "perhaps")

    with pytest.raises(ImproperlyConfigured, match="A_FLAG is 'perhaps'; it must be on or off"):
        env.flag("A_FLAG")


@pytest.mark.parametrize("text", ["eighty", "0", "70000", "80.5"])
def test_a_wrong_number_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("A_PORT", text)

    with pytest.raises(
        ImproperlyConfigured, match=f"A_PORT is '{text}'; it must be a whole number from 1 to 65535"
    ):
        env.number("A_PORT", 80, least=1, most=65535)


def test_spaces_around_a_value_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_NAME", "  value \n")

    assert env.text("A_NAME") == "value"


def test_an_empty_value_is_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_NAME", "")

    assert env.text("A_NAME", "default") == "default"


def test_a_dollar_sign_is_a_dollar_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_SECRET", "$HOME-made")

    assert env.text("A_SECRET") == "$HOME-made"


def test_a_secret_may_stand_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from the file\n", encoding="utf-8")
    monkeypatch.setenv("A_SECRET", "from the environment")
    monkeypatch.setenv("A_SECRET_FILE", str(tmp_path / "secret"))

    assert env.text("A_SECRET") == "from the file"


def test_a_secrets_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("A_SECRET_FILE", str(tmp_path / "nowhere"))

    with pytest.raises(ImproperlyConfigured, match=r"A_SECRET_FILE: .*nowhere cannot be read \(No such file"):
        env.text("A_SECRET")


def test_names_are_cut_at_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_NAMES", "one, two,,three ")

    assert env.names("SOME_NAMES") == ["one", "two", "three"]


def test_a_kept_secret_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "secret"

    first = env.kept_secret(path, prefix="whsec_")

    assert env.kept_secret(path) == first
    assert first.startswith("whsec_")
    assert len(first) > 60
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path], "no draft is left behind"


def test_processes_that_start_together_keep_the_same_secret(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from shopfolio.lib.env import kept_secret;"
        "sys.stdin.readline(); print(kept_secret(Path(sys.argv[1])))"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "secret")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()

    secrets = {process.communicate()[0] for process in processes}

    assert len(secrets) == 1
    assert secrets != {""}
