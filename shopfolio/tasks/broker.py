"""Kombu's transport in a folder, less what loses or tears messages and what silences a worker."""

import os
from contextlib import suppress
from pathlib import Path
from queue import Empty
from time import monotonic_ns, time
from typing import Any
from uuid import uuid4

from kombu.transport import filesystem
from kombu.utils.json import dumps, loads


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """Write under another name, then rename: kombu's own reader can meet a half-written file."""
        folder = Path(self.data_folder_out)
        draft = folder / f"{uuid4()}.draft"
        draft.write_text(dumps(payload), encoding="utf-8")
        draft.rename(folder / f"{monotonic_ns():020}_{uuid4()}.{queue}.msg")

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        """The oldest message. Who renames the file has it, so two workers never share one."""
        folder = Path(self.data_folder_in)
        for name in sorted(name for name in os.listdir(folder) if name.endswith(f".{queue}.msg")):
            mine = folder / f"{uuid4()}.taken"
            try:
                (folder / name).rename(mine)
                text = mine.read_text(encoding="utf-8")
            except FileNotFoundError:
                continue
            mine.unlink(missing_ok=True)
            return loads(text)
        raise Empty


class Transport(filesystem.Transport):
    """Read by Celery's event loop, as Redis is: then each child of a worker has a pipe of its own.

    They would share one and its lock otherwise, and a child that is killed while it waits, by a machine short
    of memory for example, would leave the lock taken: the worker lives on and does nothing for ever.
    """

    Channel = Channel
    cycle: Any
    implements = filesystem.Transport.implements.extend(asynchronous=True)

    def register_with_event_loop(self, connection: Any, loop: Any) -> None:
        loop.call_repeatedly(self.polling_interval, self.take_messages)
        loop.on_tick.add(self.take_messages)

    def take_messages(self) -> None:
        with suppress(Empty):
            while True:
                self.cycle.get(self._deliver)


def forget_old_messages(folder: Path) -> None:
    """Remove what was written while no worker listened; the sweep rings again for what is due.

    What is younger than a minute stays: another worker may be at it, and one that starts again goes on.
    """
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < time() - 60:
                path.unlink()
