"""Kombu's transport over Redis, for a Redis that may be slow."""

from typing import Any

import structlog
from kombu.transport import redis, virtual
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)


class QoS(redis.QoS):
    """Lets go of a message also when Redis does not listen.

    A worker may hold only as many as it has children. Those that it could not acknowledge would stay its own,
    and it would never ask for another. Redis brings them again after a while, which does no harm to a bell.
    """

    def ack(self, delivery_tag: str) -> None:
        try:
            super().ack(delivery_tag)
        except RedisError as error:
            log.warning("bell not acknowledged", error=type(error).__name__)
            virtual.QoS.ack(self, delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        try:
            super().reject(delivery_tag, requeue=requeue)
        except RedisError as error:
            log.warning("bell not given back", error=type(error).__name__)
            virtual.QoS.ack(self, delivery_tag)


class Channel(redis.Channel):
    QoS = QoS


class Transport(redis.Transport):
    Channel: Any = Channel
