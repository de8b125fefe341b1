"""Whether PostgreSQL and Redis answer where the environment says. As a program it prints what is silent."""

import os
import sys

import psycopg
import redis


def silent() -> str:
    """What does not answer, as a sentence; empty when both do."""
    server, _, _ = os.environ["DATABASE_URL"].partition("?")
    server = server.rpartition("/")[0] + "/postgres?" + os.environ["DATABASE_URL"].partition("?")[2]
    try:
        psycopg.connect(server, connect_timeout=3).close()
    except psycopg.Error as error:
        return f"PostgreSQL does not answer ({str(error).strip().splitlines()[0]})."
    try:
        redis.Redis.from_url(os.environ["CELERY_BROKER_URL"], socket_connect_timeout=3).ping()
    except redis.RedisError as error:
        return f"Redis does not answer ({error})."
    return ""


if __name__ == "__main__":
    if sentence := silent():
        sys.stdout.write(sentence)
        sys.exit(1)
