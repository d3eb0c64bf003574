"""Bars on a terminal: they give way to other lines, come back below, and are counted where too many."""

import io
import re
from pathlib import Path

from snakemake_logger_plugin_anarch.display import Bars
from snakemake_logger_plugin_anarch.progress import RunningJob


def told(done: float, total: float = 40, loss: float = 0.5) -> str:
    return f'anarch-progress {{"done": {done}, "total": {total}, "unit": "epoch", "loss": {loss}}}\n'


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


class Terminal(io.StringIO):
    """Turns line ends into what a terminal's driver sends."""

    def write(self, text: str) -> int:
        return super().write(text.replace("\n", "\r\n"))


def jobs_at(tmp_path: Path, *done: int) -> list[RunningJob]:
    jobs = []
    for number, epoch in enumerate(done):
        log = tmp_path / f"{number}"
        job = RunningJob(f"train seed={number}", [log], 0.0)
        log.write_text(told(epoch))
        job.update(0.0)
        jobs.append(job)
    return jobs


def test_bars_give_way_to_other_lines_and_come_back_below(tmp_path):
    terminal = Terminal()
    bars = Bars(terminal)
    bars.write("before\n")
    bars.draw(jobs_at(tmp_path, 10, 30), 1.0)
    lines = Screen().feed(terminal.getvalue()).lines
    assert lines[0] == "before" and len(lines) == 4 and lines[3] == ""
    assert re.fullmatch(
        r"train seed=0 \S+ epoch 10/40 loss 0.50 *", lines[1].replace("╺", "━").replace("╸", "━")
    )
    assert lines[2].startswith("train seed=1") and lines[2].count("━") > lines[1].count("━") / 2
    bars.write("half a ")
    bars.draw(jobs_at(tmp_path, 10, 30), 1.0)  # not into an open line
    bars.write("line\n")
    assert Screen().feed(terminal.getvalue()).lines == ["before", "half a line", ""]
    bars.draw(jobs_at(tmp_path, 10, 30), 1.0)
    bars.draw(jobs_at(tmp_path, 11), 1.0)
    lines = Screen().feed(terminal.getvalue()).lines
    assert lines[:2] == ["before", "half a line"] and "epoch 11/40" in lines[2] and lines[3:] == [""]
    bars.draw([], 1.0)
    assert Screen().feed(terminal.getvalue()).lines == ["before", "half a line", ""]


def test_more_jobs_than_lines_are_counted(tmp_path):
    terminal = Terminal()
    Bars(terminal).draw(jobs_at(tmp_path, *range(30)), 1.0, "2 of 32 jobs done")
    lines = Screen().feed(terminal.getvalue()).lines
    assert len(lines) == 24 - 1 and lines[-3:] == ["and 10 more", "2 of 32 jobs done", ""]
    assert all(len(line) < 80 for line in lines)
