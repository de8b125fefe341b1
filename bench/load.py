"""A load generator: so many connections, each asking again as soon as it has its answer.

Raw sockets in a process of its own. `python -m bench.load` reads one Job as JSON and writes one Result.
"""

import json
import selectors
import socket
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field

HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True)
class Job:
    port: int
    requests: list[str]
    """Sent in turn, whole, as they go over the wire."""
    status: int
    seconds: float
    connections: int = 8


@dataclass
class Result:
    answers: int = 0
    wrong: int = 0
    seconds: float = 0
    busy: float = 0
    """Seconds of a processor that asking itself took."""
    served: float = 0
    """Seconds of processors that answering took."""
    example: str = ""
    """The first line of a wrong answer."""
    waits: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.answers / self.seconds

    @property
    def price(self) -> float:
        """Microseconds of a processor for an answer."""
        return self.served / self.answers * 1e6

    def wait(self, part: float) -> float:
        """Milliseconds within which so large a part was answered."""
        return sorted(self.waits)[min(int(len(self.waits) * part), len(self.waits) - 1)] * 1_000


def run(job: Job) -> Result:
    """In a process of its own, so that it shares no lock with whoever measures."""
    command = [sys.executable, "-m", "bench.load"]
    done = subprocess.run(  # noqa: S603
        command, input=json.dumps(asdict(job)), stdout=subprocess.PIPE, text=True, check=True
    )
    return Result(**json.loads(done.stdout))


class Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.asked_at = 0.0

    def ask(self, request: bytes) -> None:
        self.received, self.asked_at = b"", time.perf_counter()
        self.socket.sendall(request)

    def answer(self) -> bytes:
        """The head of the answer once all of it is here, else nothing."""
        piece = self.socket.recv(1 << 18)
        if not piece:
            raise ConnectionError("the server hung up")
        self.received += piece
        head, found, body = self.received.partition(HEAD_END)
        if not found:
            return b""
        _name, _stated, rest = head.lower().partition(b"content-length:")
        return head if len(body) >= int(rest.partition(b"\r\n")[0] or 0) else b""


def generate(job: Job) -> Result:
    requests = [request.encode() for request in job.requests]
    expected = f"HTTP/1.1 {job.status} ".encode()
    result, selector, turn = Result(), selectors.DefaultSelector(), 0
    for _ in range(job.connections):
        connection = Connection(job.port)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    began, busy = time.perf_counter(), time.process_time()
    end, asking = began + job.seconds, 0
    for key in list(selector.get_map().values()):
        key.data.ask(requests[turn % len(requests)])
        turn, asking = turn + 1, asking + 1
    while asking:
        for key, _events in selector.select(timeout=30):
            connection = key.data
            if not (head := connection.answer()):
                continue
            now = time.perf_counter()
            result.waits.append(now - connection.asked_at)
            if not head.startswith(expected):
                result.wrong += 1
                result.example = head.partition(b"\r\n")[0].decode()
            asking -= 1
            if now < end:
                connection.ask(requests[turn % len(requests)])
                turn, asking = turn + 1, asking + 1
    result.answers, result.seconds = len(result.waits), time.perf_counter() - began
    result.busy = time.process_time() - busy
    return result


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(generate(Job(**json.load(sys.stdin))))))
