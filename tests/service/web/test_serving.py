"""Serving: loopback only, and one line where it cannot."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request

import pytest

from contracts import BadInput, RefusedAction
from service.web.serving import address_of, bind_loopback


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "8.8.8.8", "::ffff:8.8.8.8"])
def test_an_address_that_others_reach_is_refused(host):
    with pytest.raises(RefusedAction, match="no sign-in yet"):
        bind_loopback(host, 0)


def test_a_name_is_not_looked_up():
    with pytest.raises(BadInput, match="not an address"):
        bind_loopback("example.org", 0)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.5", "localhost"])
def test_loopback_is_bound(host):
    with bind_loopback(host, 0) as listener:
        assert address_of(listener).startswith("http://127.0.0.")


def test_an_answer_does_not_wait_for_the_client_to_acknowledge_its_head():
    async def no_delay_of_an_accepted_connection():
        accepted = asyncio.get_running_loop().create_future()

        class Protocol(asyncio.Protocol):
            def connection_made(self, transport):
                accepted.set_result(transport)

        with bind_loopback("127.0.0.1", 0) as listener:
            server = await asyncio.get_running_loop().create_server(Protocol, sock=listener)
            with socket.create_connection(listener.getsockname()):
                transport = await accepted
                no_delay = transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
                transport.abort()
            server.close()
            await server.wait_closed()
        return no_delay

    assert asyncio.run(no_delay_of_an_accepted_connection()) == 1


def test_a_port_in_use_is_told():
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(RefusedAction, match="Cannot listen on"):
        bind_loopback("127.0.0.1", other.getsockname()[1])


def _wardcast(*arguments):
    command = [sys.executable, "-c", "from service.cli import program; program()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def test_the_command_refuses_in_one_line(issued_city):
    done = _wardcast("serve", "--host", "0.0.0.0", "--workspace", str(issued_city.workspace.root))
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr.count("\n") == 1
    assert "refuses to listen on 0.0.0.0" in done.stderr
    assert done.stderr.endswith("Use --host 127.0.0.1.\n")


def test_the_command_tells_a_port_in_use_in_one_line(issued_city):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = _wardcast("serve", "--port", port, "--workspace", str(issued_city.workspace.root))
    assert (done.returncode, done.stdout) == (5, "")
    assert done.stderr.count("\n") == 1
    assert f"Cannot listen on 127.0.0.1, port {port}" in done.stderr
    assert "--port" in done.stderr


def test_the_ledger_commands_print_and_find(issued_city):
    root = str(issued_city.workspace.root)
    assert (
        "5 entries, every hash, link, signature and forecast file as recorded"
        in _wardcast("ledger", "verify", "--workspace", root).stdout
    )
    assert "approval  violence version 1  by Ada Example" in _wardcast("ledger", "list", "--workspace", root).stdout


def test_it_serves_until_an_interrupt_and_ends_cleanly(issued_city):
    command = [sys.executable, "-c", "from service.cli import program; program()", "serve", "--port", "0"]
    command += ["--workspace", str(issued_city.workspace.root)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        first = server.stderr.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/", first)
        assert address, first
        with urllib.request.urlopen(f"{address[0]}healthz", timeout=300) as answer:
            assert answer.status == 200
        os.kill(server.pid, signal.SIGINT)
        rest = server.stderr.read()
        assert server.wait(timeout=300) == 0
    assert rest == "Stopped.\n"
