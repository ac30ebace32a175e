"""Programs and servers that tests start, and waiting for what they do."""

import contextlib
import socket
import subprocess
import time

import requests


def start(*command, **more):
    """Start a program; what it says on both streams comes as one."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen([str(word) for word in command], **pipes | more)


def end(process):
    """Wait for a program; return its exit code and all that it said."""
    said, _ = process.communicate(timeout=300)
    return process.returncode, said


def ran(*command, **more):
    """Run a program to its end, as `start` and `end` do."""
    return end(start(*command, **more))


def wait_until(true, process, log=None, seconds=200):
    """Wait for `true()` as long as the process runs, else fail with what it said."""
    deadline = time.monotonic() + seconds
    while not true():
        late = time.monotonic() > deadline or process.poll() is not None
        assert not late, log.read_text(errors="replace") if log else process.communicate()
        time.sleep(0.05)


def free_ports(count):
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [probe.getsockname()[1] for probe in probes]


def answers(address):
    """Is there a server that says yes?"""
    with contextlib.suppress(OSError):
        return requests.get(address, timeout=5).ok
    return False
