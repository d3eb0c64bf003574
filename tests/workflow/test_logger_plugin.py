"""Live progress: what is read from logs, what is drawn, and that a workflow never notices."""

import logging
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path

import pytest
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.tests import MockOutputSettings, TestLogHandlerBase

import snakemake_logger_plugin_anarch.handler as handler_module
from snakemake_logger_plugin_anarch import LogHandler

ROOT = Path(__file__).parents[2]


SNAKEFILE = """
rule all:
    default_target: True
    input: expand("{protocol}-{seed}.txt", protocol="sgd", seed=[0, 1])

rule needle_relax:
    output: "{protocol}-{seed}.txt"
    log: "logs/{protocol}-{seed}.log"
    shell: "python3 train.py > {log} 2>&1 && touch {output}"
"""


TRAINER = """
import json, time
for epoch in range(12, 20):
    print("some chatter")
    told = {"done": epoch, "total": 40, "unit": "epoch", "loss": 6.36 / epoch}
    print("anarch-progress", json.dumps(told), flush=True)
    time.sleep(0.35)
"""


def told(done: float, total: float = 40, loss: float = 0.5) -> str:
    return f'anarch-progress {{"done": {done}, "total": {total}, "unit": "epoch", "loss": {loss}}}\n'


class TestContractOfSnakemake(TestLogHandlerBase):
    """The plugin interface's own tests."""

    __test__ = True

    def get_log_handler_cls(self):
        return LogHandler

    def get_log_handler_settings(self):
        return None


def event(kind: LogEvent, **values) -> logging.LogRecord:
    record = logging.makeLogRecord(values)
    record.event = kind
    return record


def started(number: int, log: Path) -> logging.LogRecord:
    return event(
        LogEvent.JOB_INFO,
        jobid=number,
        rule_name="train",
        log=[str(log)],
        output=["made"],
        wildcards={"protocol": "sgd", "seed": str(number)},
        resources={},
        shellcmd="train",
        reason="",
    )


@pytest.fixture
def handler(monkeypatch, caplog) -> Iterator[LogHandler]:
    monkeypatch.setattr(handler_module, "_LOOK_EVERY", 3600.0)  # the tests look themselves
    caplog.set_level(logging.INFO, logger="snakemake.logging")
    handler = LogHandler(MockOutputSettings(), None)
    yield handler
    handler.close()


def test_a_job_has_a_line_a_minute_at_most_and_none_after_its_end(tmp_path, handler, caplog):
    log = tmp_path / "log"
    handler.emit(started(7, log))
    for second in range(0, 200, 2):
        with log.open("a") as file:
            file.write(told(second, total=400))
        handler.look(float(second))
    assert caplog.messages == [
        "train protocol=sgd seed=7: epoch 2/400, loss 0.50, 6:38 left",
        "train protocol=sgd seed=7: epoch 62/400, loss 0.50, 5:38 left",
        "train protocol=sgd seed=7: epoch 122/400, loss 0.50, 4:38 left",
        "train protocol=sgd seed=7: epoch 182/400, loss 0.50, 3:38 left",
    ]
    handler.emit(event(LogEvent.JOB_FINISHED, job_id=7))
    with log.open("a") as file:
        file.write(told(300, total=400))
    handler.look(900.0)
    assert len(caplog.messages) == 4


def test_hundreds_of_jobs_are_looked_at_in_turn(tmp_path, handler, caplog):
    for number in range(150):
        handler.emit(started(number, tmp_path / f"{number}"))
    for done in (0, 1):
        for number in range(150):
            with (tmp_path / f"{number}").open("a") as file:
                file.write(told(done))
        for look in range(3):
            handler.look(10.0 * done + look)
    assert len(set(caplog.messages)) == len(caplog.messages) == 150


def test_an_error_ends_the_display_and_not_the_workflow(capsys):
    handler = LogHandler(MockOutputSettings(), None)
    handler.emit(event(LogEvent.JOB_FINISHED, msg="Finished jobid: 1"))  # a later one's event may lack job_id
    record = logging.makeLogRecord({"msg": "something else", "levelno": logging.INFO, "levelname": "INFO"})
    handler.emit(record)  # from here on Snakemake's own console writes
    first, *rest = capsys.readouterr().err.splitlines()
    assert first.startswith("anarch: Snakemake's own display from here on, the jobs go on: AttributeError")
    assert "Finished jobid: 1" in rest and rest[-1] == "something else"
    handler.close()


@pytest.mark.parametrize("setting, value", [("dryrun", True), ("quiet", {"all"}), ("quiet", {"progress"})])
def test_a_dry_or_quiet_run_shows_nothing(tmp_path, setting, value):
    settings = MockOutputSettings()
    setattr(settings, setting, value)
    handler = LogHandler(settings, None)
    handler.emit(started(1, tmp_path / "log"))
    assert handler._thread is None
    handler.close()


class Screen:
    """As much of a terminal as bars use: what it shows after ``text``."""

    CODES = re.compile(r"\x1b\[([\d;?]*)([A-Za-z])|([\r\n])|([^\x1b\r\n]+)")

    def __init__(self) -> None:
        self.lines, self.row, self.column = [""], 0, 0

    def feed(self, text: str) -> "Screen":
        for number, code, control, plain in self.CODES.findall(text):
            line = self.lines[self.row]
            if code == "A":
                self.row = max(0, self.row - int(number))
            elif code == "K":
                self.lines[self.row] = line[: self.column]
            elif code == "J":
                self.lines[self.row :] = [line[: self.column]]
            elif control == "\r":
                self.column = 0
            elif control == "\n":
                self.row += 1
                self.lines.extend([""] * (self.row + 1 - len(self.lines)))
            elif plain:
                self.lines[self.row] = (
                    line[: self.column].ljust(self.column) + plain + line[self.column + len(plain) :]
                )
                self.column += len(plain)
            else:
                assert code == "m", f"the terminal is asked for {code}"
        return self


@pytest.fixture
def workflow(tmp_path) -> Path:
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "train.py").write_text(TRAINER)
    (tmp_path / "profiles" / "default").mkdir(parents=True)
    (tmp_path / "profiles" / "default" / "config.yaml").write_text("logger: [anarch]\nprintshellcmds: true\n")
    return tmp_path


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "PYTHONUTF8": "1"}


COMMAND = [sys.executable, "-m", "snakemake", "--cores", "2", "--resources", "gpu=2", "all"]


def test_without_a_terminal_a_run_has_quiet_lines(workflow):
    done = subprocess.run(
        COMMAND, cwd=workflow, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    lines = sorted(line for line in done.stderr.splitlines() if "left" in line)
    assert len(lines) == 2, done.stderr
    for seed, line in enumerate(lines):
        assert re.fullmatch(
            rf"needle_relax protocol=sgd seed={seed}: epoch 1\d/40, loss 0\.\d\d, 0:\d\d left", line
        )
    assert "\x1b" not in done.stderr and "3 jobs done in 0:0" in done.stderr.splitlines()[-1]
    assert lines[0] in next((workflow / ".snakemake" / "log").iterdir()).read_text()


def read_all(terminal: int) -> str:
    parts = []
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # Linux's way to say that the other side is closed
            part = b""
        if not part:
            return b"".join(parts).decode()
        parts.append(part)


def test_on_a_terminal_a_run_has_bars_and_leaves_no_trace(workflow):
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 120, 0, 0))
    before = termios.tcgetattr(theirs)
    process = subprocess.Popen(
        COMMAND, cwd=workflow, env=environment(), stdin=theirs, stdout=theirs, stderr=theirs
    )
    keep = os.dup(theirs)  # the attributes vanish with the last open end
    os.close(theirs)
    output: list[str] = []
    reader = threading.Thread(target=lambda: output.append(read_all(ours)))
    reader.start()
    assert process.wait(timeout=60) == 0
    assert termios.tcgetattr(keep) == before
    os.close(keep)
    reader.join()
    text = output[0]
    bar = re.compile(
        r"needle_relax protocol=sgd (seed=\d) \S*━.* epoch 1\d/40 loss 0\.\d\d|(\d of 3) jobs done, 0:"
    )
    seen = set()
    for draw in re.finditer(r"\x1b\[J", text):
        found = map(bar.match, Screen().feed(text[: draw.end()]).lines)
        seen |= {match[1] or match[2] for match in found if match}
    assert {"seed=0", "seed=1", "0 of 3"} <= seen, text
    final = "\n".join(Screen().feed(text).lines)
    assert "━" not in final and " left" not in final
    assert final.count("python3 train.py > logs/") == 2, final  # --printshellcmds
    assert len(re.findall(r"[12]/3 +\d\.\d s  needle_relax protocol=sgd seed=[01]\n", final)) == 2, final
    assert "3 jobs done in 0:0" in final.splitlines()[-1]
