"""What a process of ours owes the one that started it."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    """Be told to stop when the supervisor dies, however it dies: nothing of ours outlives `shopfolio up`.

    Linux only; elsewhere a killed supervisor leaves its programs behind.
    """
    supervisor = os.environ.get("SHOPFOLIO_SUPERVISOR")
    if not supervisor or not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(supervisor):  # it died before we asked
        sys.exit(1)
