"""A job is the same by the server of jobs and by itself, and ends with what asked for it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from checkout import ROOT

from anarch.workflow import environment
from anarch.workflow.paths import timing_of_log

JOB = ROOT / "workflow_scripts/job.py"
READY = "print('ready', os.getpid(), flush=True)\n"


def variables() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def server() -> dict[str, str]:
    """An environment in which jobs are forked; the server ends with this process."""
    served = variables()
    environment.serve_jobs(ROOT, served)
    assert "ANARCH_JOB_SERVER" in served or sys.platform != "linux"
    return served


@pytest.fixture(params=["forked", "spawned"])
def around(request) -> dict[str, str]:
    return request.getfixturevalue("server") if request.param == "forked" else variables()


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    def start(
        code: str, *arguments: str, around: dict[str, str], ignored: tuple[int, ...] = ()
    ) -> subprocess.Popen[str]:
        def heed() -> None:  # whatever these tests themselves were started by
            for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL)

        script = tmp_path / "script.py"
        script.write_text("import os, signal, sys, time\n" + code)
        command = [sys.executable, str(JOB), log(tmp_path), str(script), *arguments]
        return subprocess.Popen(command, cwd=tmp_path, env=around, preexec_fn=heed)

    return start


def log(folder: Path) -> str:
    return f"{folder}/logs/job.log"


def until(true: Callable[[], bool]) -> None:
    for _ in range(1500):
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("nothing happened within 30 seconds")


def running(folder: Path) -> int:
    """The process of a job that has said that it is ready."""
    until(lambda: "ready" in Path(log(folder)).read_text() if Path(log(folder)).exists() else False)
    return int(Path(log(folder)).read_text().split()[1])


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return Path(f"/proc/{process}/stat").read_text().split()[2] == "Z"


def test_it_finds_what_a_process_of_its_own_finds(tmp_path, job, around):
    code = (
        "print(sys.argv[1:], os.getcwd(), os.environ['MINE'], __name__)\n"
        "ends = (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)\n"
        "print([signal.getsignal(number) == signal.SIG_DFL for number in ends])\n"
        "print(signal.getsignal(signal.SIGINT) is signal.default_int_handler, flush=True)\n"
        "print('an error', file=sys.stderr)\n"
    )
    assert job(code, "a b", "--c", around={**around, "MINE": "x"}).wait(60) == 0
    assert Path(log(tmp_path)).read_text().splitlines() == [
        f"['a b', '--c'] {tmp_path} x __main__",
        "[True, True, True]",
        "True",
        "an error",
    ]


def test_it_ignores_what_its_command_was_told_to_ignore(tmp_path, job, around):
    """As under nohup, in the background: whoever logs out must not end the jobs."""
    code = (
        "heard = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)\n"
        "print([signal.getsignal(number) is signal.SIG_IGN for number in heard])\n"
        "os.kill(os.getpid(), signal.SIGHUP)\n"
        "print('still here', flush=True)\n"
    )
    assert job(code, around=around, ignored=(signal.SIGHUP, signal.SIGINT)).wait(60) == 0
    assert Path(log(tmp_path)).read_text().splitlines() == ["[True, True, False]", "still here"]


@pytest.mark.parametrize(
    ("code", "status", "told"),
    [
        ("sys.exit(3)", 3, ""),
        ("raise SystemExit('error: no such key')", 1, "error: no such key\n"),
        ("1 / 0", 1, "ZeroDivisionError: division by zero\n"),
        ("os._exit(0)", 0, ""),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL, "a signal ended this job, which held "),
        ("os.kill(os.getpid(), signal.SIGINT)", -signal.SIGINT, "KeyboardInterrupt"),
    ],
)
def test_it_ends_as_its_command(tmp_path, job, around, code, status, told):
    assert job(code, around=around).wait(60) == status
    assert told in Path(log(tmp_path)).read_text()
    assert Path(timing_of_log(log(tmp_path))).exists() == (status == 0)


def test_its_time_and_memory_are_its_own(tmp_path, job, around):
    """A second of work and 200 MB, each at least, by the operating system's count."""
    code = (
        "held = bytearray(200 << 20)\nheld[:] = b'x' * len(held)\nwhile time.process_time() < 1:\n    pass\n"
    )
    assert job(code, around=around).wait(120) == 0
    names, row = (line.split("\t") for line in Path(timing_of_log(log(tmp_path))).read_text().splitlines())
    assert names == ["s", "cpu_time", "max_rss"]
    seconds, cpu, memory = map(float, row)
    assert seconds >= cpu * 0.99 >= 0.9 and memory >= 200


def test_a_termination_reaches_the_command(tmp_path, job, around):
    code = f"signal.signal(signal.SIGTERM, lambda *_: sys.exit(5))\n{READY}time.sleep(60)\n"
    client = job(code, around=around)
    running(tmp_path)
    client.terminate()
    assert client.wait(60) == 5


def test_a_killed_client_takes_its_job_along(tmp_path, job, server):
    client = job(f"{READY}time.sleep(60)\n", around=server)
    process = running(tmp_path)
    client.kill()
    until(lambda: gone(process))


def test_several_jobs_at_once_share_one_parent(tmp_path, job, server):
    code = "print('ready', os.getppid(), flush=True)\ntime.sleep(0.5)\n"
    parents = set()
    clients = []
    for name in "ab":
        (tmp_path / name).mkdir()
        script = tmp_path / name / "script.py"
        script.write_text("import os, time\n" + code)
        clients.append(
            subprocess.Popen([sys.executable, str(JOB), log(tmp_path / name), str(script)], env=server)
        )
    assert [client.wait(60) for client in clients] == [0, 0]
    parents = {running(tmp_path / name) for name in "ab"}
    assert len(parents) == 1


def test_a_job_of_another_python_is_a_process_of_its_own(tmp_path, server):
    script = tmp_path / "script.py"
    script.write_text("import os\nprint('ready', os.getppid())\n")
    code = (
        "import runpy, sys\n"
        "sys.prefix = '/elsewhere'\n"
        f"sys.argv = ['job.py', {log(tmp_path)!r}, {str(script)!r}]\n"
        f"runpy.run_path({str(JOB)!r}, run_name='__main__')\n"
    )
    client = subprocess.Popen([sys.executable, "-c", code], env=server)
    assert client.wait(60) == 0 and running(tmp_path) == client.pid


@pytest.fixture
def snakemake_in_small(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has a server, tells its address and waits."""
    code = (
        "import os, pathlib, time\n"
        "from anarch.workflow import environment\n"
        f"environment.serve_jobs(pathlib.Path({str(ROOT)!r}))\n"
        "print(os.environ['ANARCH_JOB_SERVER'], flush=True)\n"
        "time.sleep(120)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], env=variables(), stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.kill()


def test_the_server_ends_after_the_last_job_of_a_killed_snakemake(tmp_path, job, snakemake_in_small):
    address = Path(snakemake_in_small.stdout.readline().strip())
    client = job(
        f"{READY}time.sleep(1)\nprint('done')\n", around={**variables(), "ANARCH_JOB_SERVER": str(address)}
    )
    running(tmp_path)
    snakemake_in_small.kill()
    assert client.wait(60) == 0 and Path(log(tmp_path)).read_text().endswith("done\n")
    until(lambda: not address.parent.exists())


def test_a_client_that_is_gone_before_its_answer_costs_its_job_alone(tmp_path, job, server):
    script = tmp_path / "forsaken.py"
    script.write_text(f"import os, time\n{READY}time.sleep(60)\n")
    ask = (
        "import json, os, socket, sys\n"
        f"command = {{'prefix': sys.prefix, 'command': [{str(script)!r}], 'folder': {str(tmp_path)!r}}}\n"
        "text = json.dumps({**command, 'environment': dict(os.environ), 'ignored': []}).encode()\n"
        "with socket.socket(socket.AF_UNIX) as server, open(sys.argv[1], 'w') as output:\n"
        "    server.connect(os.environ['ANARCH_JOB_SERVER'])\n"
        "    socket.send_fds(server, [len(text).to_bytes(8)], [output.fileno()])\n"
        "    server.sendall(text)\n"
    )
    output = tmp_path / "forsaken.log"
    for _ in range(5):
        subprocess.run([sys.executable, "-c", ask, str(output)], env=server, check=True)
    assert job("print('served')", around=server).wait(60) == 0
    assert Path(log(tmp_path)).read_text() == "served\n"


def test_a_killed_server_fails_its_jobs_and_no_later_one(tmp_path, job, snakemake_in_small):
    around = {**variables(), "ANARCH_JOB_SERVER": snakemake_in_small.stdout.readline().strip()}
    client = job("print('ready', os.getppid(), flush=True)\ntime.sleep(5)\n", around=around)
    os.kill(running(tmp_path), signal.SIGKILL)
    assert client.wait(60) == 1
    told = Path(log(tmp_path)).read_text()
    assert "error: the server of jobs was killed, and this job with it: run again" in told
    assert job("print('by itself')", around=around).wait(60) == 0
    assert Path(log(tmp_path)).read_text() == "by itself\n"
