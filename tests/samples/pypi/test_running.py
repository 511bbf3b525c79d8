"""Starting and stopping: in a thread, in a process, from the command line."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest
import requests

from pyf.aggregator.errors import UsageError
from pyf.aggregator.samples.pypi import Faults, Upstreams, UpstreamsProcess
from pyf.aggregator.samples.pypi.arguments import options_from, parser
from pyf.aggregator.samples.pypi.options import SampleOptions
from pyf.aggregator.samples.pypi.server import ListenError
from pyf.aggregator.samples.pypi.upstreams import command_line

MODULE = [sys.executable, "-m", "pyf.aggregator.samples.pypi"]


def test_a_thread_serves_inside_the_context_only():
    with Upstreams(projects=10) as upstreams:
        assert requests.get(f"{upstreams.url}/simple/", timeout=20).status_code == 200
        url = upstreams.url
    with pytest.raises(requests.ConnectionError):
        requests.get(f"{url}/simple/", timeout=20)


def test_a_process_serves_and_takes_control_inside_the_context_only():
    faults = Faults(rate_503=1.0, retry_after=None, prefixes=("/rss/",), seed=9)
    with UpstreamsProcess(projects=30, share=1.0, faults=faults) as upstreams:
        answer = requests.get(f"{upstreams.url}/rss/updates.xml", timeout=20)
        serial = upstreams.control.publish("a-new-one", "1.0")
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, False)
        assert upstreams.control("stats")["last_serial"] == serial
        with pytest.raises(UsageError, match="there already"):
            upstreams.control("publish", name="a-new-one", version="1.0")
        process = psutil.Process(upstreams.pid)
    assert not process.is_running()


def test_a_port_in_use_is_one_clear_line_and_status_1():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*MODULE, "--port", str(port)], capture_output=True, text=True, check=False
        )
        with pytest.raises(ListenError), Upstreams(port=port, projects=1):
            pass

    expected = f"cannot listen on 127.0.0.1:{port}: the port is in use\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", expected)


@pytest.mark.parametrize("fault", ["--rate-503", "--rate-reset"])
def test_clients_that_do_not_wait_for_their_answer_are_no_error(fault: str):
    command = [*MODULE, "--port", "0", "--projects", "10", "--latency", "0.3", fault, "0.5"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        host, _, port = process.stdout.readline().split("//")[1].strip().partition(":")
        for number in range(20):
            with socket.create_connection((host, int(port)), timeout=20) as connection:
                connection.sendall(b"GET /simple/?%d HTTP/1.1\r\nHost: x\r\n\r\n" % number)
        time.sleep(1)
        process.terminate()
        _, said = process.communicate(timeout=20)

    assert (process.returncode, said) == (0, "")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_also_with_open_connections(number: signal.Signals):
    command = [*MODULE, "--projects", "10", "--latency", "30"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        line = process.stdout.readline().decode()
        assert line.startswith("listening on http://127.0.0.1:")
        port = int(line.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(b"GET /simple/ HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.1)
            process.send_signal(number)
            assert process.wait(10) == 0
        assert process.stderr.read() == b""


def test_it_ends_with_its_parent_where_asked():
    command = [*MODULE, "--projects", "10", "--until-eof"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline()
        process.stdin.close()
        assert process.wait(10) == 0


def test_every_option_survives_the_command_line():
    options = SampleOptions(
        projects=5,
        seed=4,
        share=0.5,
        framework="Framework :: Django",
        gzip_from=1,
        faults=Faults(
            latency=0.5,
            rate_reset=0.25,
            retry_after=None,
            retry_after_date=True,
            outage=True,
            stale=3,
            xmlrpc_limit=7,
            xmlrpc_window=2.0,
            prefixes=("/simple/", "/rss/"),
            seed=8,
        ),
    )

    assert options_from(parser().parse_args(command_line(options))) == options
    assert options_from(parser().parse_args(command_line(SampleOptions()))) == SampleOptions()


@pytest.mark.parametrize("wrong", [["--share", "2"], ["--rate-503", "-1"], ["--projects", "-5"]])
def test_values_out_of_range_are_wrong_use(wrong: list[str]):
    done = subprocess.run([*MODULE, *wrong], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1


def test_small_answers_are_served_fast_enough_to_measure_clients_with():
    request = b"GET /pypi/small/json HTTP/1.1\r\nHost: x\r\n\r\n"
    with UpstreamsProcess(projects=10) as upstreams:
        upstreams.control.publish("small", "1.0")
        process = psutil.Process(upstreams.pid)
        whole = requests.get(f"{upstreams.url}/pypi/small/json", timeout=20)
        port = int(upstreams.url.rpartition(":")[2])
        used = process.cpu_times()
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            for _ in range(40):
                connection.sendall(request * 100)
                left = 100
                while left:
                    left -= connection.recv(1 << 20).count(b"HTTP/1.1 200 OK")
        after = process.cpu_times()

    assert whole.status_code == 200
    spent = after.user + after.system - used.user - used.system
    assert 4000 / spent > 4000, f"{4000 / spent:.0f} answers in a second of one core"
