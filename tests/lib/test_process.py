import os

from shopfolio.lib.process import is_running


def test_a_process_that_has_ended_is_not_running_although_nobody_has_asked_about_it() -> None:
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)

    assert is_running(os.getpid())
    assert not is_running(pid)
    os.waitpid(pid, 0)
    assert not is_running(pid)
