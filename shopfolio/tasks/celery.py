"""Celery carries bells, nothing else: what is to be done stands in the Job table."""

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shopfolio.settings")

from django.conf import settings

TIME_LIMIT = 120
"""Seconds that a job may take."""

TRANSPORT_ALIASES |= {
    "filesystem": "shopfolio.tasks.broker:Transport",
    "redis": "shopfolio.tasks.redis_broker:Transport",
    "rediss": "shopfolio.tasks.redis_broker:Transport",
}


def transport_options() -> dict[str, Any]:
    if settings.CELERY_BROKER_URL.startswith("filesystem"):
        # One folder for both ends: what the web process writes, the worker reads.
        return {
            "data_folder_in": str(settings.BROKER_DIR / "queue"),
            "data_folder_out": str(settings.BROKER_DIR / "queue"),
            "control_folder": str(settings.BROKER_DIR / "control"),
            "polling_interval": 0.1,
        }
    one_try = {"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0}
    return {"visibility_timeout": 600, "socket_timeout": 1, "socket_connect_timeout": 1, **one_try}


FOLDER = "filesystem://localhost"  # without a host kombu warns that it takes this one

app = Celery("shopfolio")
app.conf.update(
    broker_url=FOLDER if settings.CELERY_BROKER_URL == "filesystem://" else settings.CELERY_BROKER_URL,
    broker_transport_options=transport_options(),
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,  # for ever, however long Redis is away
    broker_connection_timeout=1,
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_time_limit=TIME_LIMIT,
    task_publish_retry=False,
    worker_prefetch_multiplier=1,
    worker_proc_alive_timeout=30,  # seconds; with four, a busy machine gave up on a child that was starting
    worker_hijack_root_logger=False,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    timezone="UTC",
    beat_max_loop_interval=2,
)
app.autodiscover_tasks(["shopfolio.tasks"], related_name="outbox")


def make_broker_folders() -> None:
    for folder in ("queue", "control"):
        (settings.BROKER_DIR / folder).mkdir(parents=True, exist_ok=True)


@setup_logging.connect
def keep_our_logging(**kwargs: Any) -> None:
    """Django's LOGGING is in place already; Celery leaves logging alone when somebody answers this signal."""
