from configparser import ConfigParser
from pathlib import Path

import pytest

from shopfolio.tasks.supervision import configuration

PROGRAMS = ["web", "worker"]


def read(*, to_stdout: bool) -> ConfigParser:
    config = ConfigParser(interpolation=None)
    config.read_string(configuration(folder=Path("/data/run"), programs=PROGRAMS, to_stdout=to_stdout))
    return config


@pytest.mark.parametrize(
    ("section", "option"),
    [("supervisord", "logfile"), ("program:web", "stdout_logfile"), ("program:worker", "stdout_logfile")],
)
def test_logs_that_go_to_files_are_rotated(section: str, option: str) -> None:
    told = read(to_stdout=False)[section]

    assert (told[f"{option}_maxbytes"], told[f"{option}_backups"]) == ("10MB", "5")
    assert told[option].startswith("/data/run/")
    assert read(to_stdout=True)[section][option] == "/dev/stdout"


def test_no_two_programs_write_one_file() -> None:
    files = [read(to_stdout=False)[f"program:{name}"]["stdout_logfile"] for name in PROGRAMS]

    assert len(set(files)) == len(PROGRAMS)
