import os
import time
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from django.test import override_settings

from shopfolio.tasks import celery as broker
from shopfolio.tasks.broker import Channel, forget_old_messages


@pytest.fixture
def channel(tmp_path: Path) -> Channel:
    with override_settings(BROKER_DIR=tmp_path, CELERY_BROKER_URL="filesystem://"):
        broker.make_broker_folders()
        options = broker.transport_options()
    made = object.__new__(Channel)
    made.__dict__.update(data_folder_in=options["data_folder_in"], data_folder_out=options["data_folder_out"])
    return made


def test_messages_in_the_folder_come_in_order_and_each_only_once(channel: Channel) -> None:
    for number in range(3):
        channel._put("celery", {"number": number})

    assert [channel._get("celery")["number"] for _ in range(3)] == [0, 1, 2]
    with pytest.raises(Empty):
        channel._get("celery")
    assert os.listdir(channel.data_folder_in) == []


def test_a_starting_worker_forgets_what_is_old_and_nothing_that_another_is_at(channel: Channel) -> None:
    folder = Path(channel.data_folder_in)
    old, young = time.time() - 61, time.time() - 30
    for name in ("a.celery.msg", "a.taken", "a.draft"):
        for age in (old, young):
            path = folder / f"{int(age)}{name}"
            path.write_text("{}")
            os.utime(path, (age, age))

    forget_old_messages(folder)

    assert sorted(os.listdir(folder)) == [
        f"{int(young)}{name}" for name in ("a.celery.msg", "a.draft", "a.taken")
    ]


def test_a_message_that_vanishes_while_it_is_read_is_passed_over(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        channel._put("celery", {"number": number})
    rename = Path.rename

    def rename_and_lose_the_first(path: Path, target: Any) -> Path:
        moved = rename(path, target)
        if path.name == first:
            moved.unlink()
        return moved

    first = min(os.listdir(channel.data_folder_in))
    monkeypatch.setattr(Path, "rename", rename_and_lose_the_first)

    assert channel._get("celery") == {"number": 1}
