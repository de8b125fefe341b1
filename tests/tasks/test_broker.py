from pathlib import Path

from django.test import override_settings

from shopfolio.tasks import celery as broker
from shopfolio.tasks.broker import Channel, forget_messages


def test_messages_in_the_folder_come_in_order_and_each_only_once(tmp_path: Path) -> None:
    with override_settings(BROKER_DIR=tmp_path, CELERY_BROKER_URL="filesystem://"):
        broker.make_broker_folders()
        options = broker.transport_options()
    channel = object.__new__(Channel)
    channel.__dict__.update(
        data_folder_in=options["data_folder_in"], data_folder_out=options["data_folder_out"]
    )

    for number in range(3):
        channel._put("celery", {"number": number})

    assert [channel._get("celery")["number"] for _ in range(3)] == [0, 1, 2]
    assert list((tmp_path / "queue").iterdir()) == []
    channel._put("celery", {"number": 3})
    forget_messages(tmp_path / "queue")
    assert list((tmp_path / "queue").iterdir()) == []
