"""What a process of ours owes the one that started it."""

import ctypes
import hashlib
import os
import signal
import sys
from functools import cache
from pathlib import Path

PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Be told to stop when the supervisor dies, however it dies: nothing of ours outlives `shopfolio up`.

    Linux only; elsewhere a killed supervisor leaves its programs behind.
    """
    supervisor = os.environ.get("SHOPFOLIO_SUPERVISOR")
    if not supervisor:
        return
    share_fate(int(supervisor), signal.SIGTERM)


def share_fate(parent: int, sign: signal.Signals) -> None:
    """Have the kernel send us a signal when our parent has died. Linux only."""
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, sign)
    if os.getppid() != parent:  # it died before we asked
        sys.exit(1)


@cache
def process_space() -> str:
    """Where a process id means one process: this boot of this machine, within this container.

    Empty where that cannot be told.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        return hashlib.sha256(f"{boot} {os.readlink('/proc/self/ns/pid')}".encode()).hexdigest()[:16]
    except OSError:
        return ""


def is_running(pid: int) -> bool:
    """Whether a process still works; one that has ended and that nobody has asked about does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}
