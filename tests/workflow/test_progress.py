"""Lines of progress in jobs' logs: which are read, and the time left that they tell."""

import pytest

from snakemake_logger_plugin_anarch.progress import Progress, RunningJob, Tail


def told(done: float, total: float = 40, loss: float = 0.5) -> str:
    return f'anarch-progress {{"done": {done}, "total": {total}, "unit": "epoch", "loss": {loss}}}\n'


@pytest.mark.parametrize(
    "line, expected",
    [
        (
            b'anarch-progress {"done": 3, "total": 40, "unit": "epoch", "loss": 0.531}',
            Progress(3, 40, "epoch", 0.531),
        ),
        (b'anarch-progress {"done": 0, "total": 7, "lr": 0.1}', Progress(0, 7, "step", None)),
        (b'anarch-progress {"done": 8, "total": 7}', None),
        (b'anarch-progress {"done": NaN, "total": 7}', None),
        (b'anarch-progress {"done": 0, "total": 0}', None),
        (b'anarch-progress {"done": 1' + b"0" * 400 + b', "total": 7}', None),
        (b'anarch-progress {"done": [], "total": 7}', None),
        (b'anarch-progress {"done": 3, "tot', None),
        (b"anarch-progress [3, 4]", None),
        (b"anarch-progress \xff", None),
        (b'  anarch-progress {"done": 3, "total": 40}', None),
        (b"Traceback (most recent call last):", None),
    ],
)
def test_a_line_of_progress_is_read_and_any_other_ignored(line, expected):
    assert Progress.parse(line) == expected


def test_a_tail_reads_what_is_new_and_whole(tmp_path):
    log = tmp_path / "log"
    tail = Tail(log)
    assert tail.read() == []  # there is no file yet
    with log.open("w") as file:
        for text, expected in [
            ("chatter\n" + told(1), [1]),
            ("", []),
            (told(2)[:20], []),
            (told(2)[20:] + told(3) + told(4)[:5], [2, 3]),
            (told(4)[5:], [4]),
        ]:
            file.write(text)
            file.flush()
            assert [progress.done for progress in tail.read()] == expected
    log.write_text(told(0))  # truncated, as `> log` does
    assert [progress.done for progress in tail.read()] == [0]
    (tmp_path / "new").write_text(told(5) + told(6))
    (tmp_path / "new").rename(log)
    assert [progress.done for progress in tail.read()] == [5, 6]
    log.unlink()
    assert tail.read() == []


def test_the_log_of_an_earlier_attempt_is_not_told_again(tmp_path):
    log = tmp_path / "log"
    log.write_text(told(30) + told(31))
    tail = Tail(log)
    assert tail.read() == []
    log.write_text(told(12))
    assert [progress.done for progress in tail.read()] == [12]


def test_a_huge_log_is_read_from_its_end_only(tmp_path):
    log = tmp_path / "log"
    tail = Tail(log)
    log.write_bytes(told(1).encode() + b"x" * 50_000_000 + b"\n" + told(2).encode())
    assert [progress.done for progress in tail.read()] == [2]


def test_time_left_is_what_remains_at_the_speed_since_the_first_look(tmp_path):
    """Resumed at 10 of 40: two epochs in 6 s leave 28 epochs of 3 s, less the 4 s since."""
    log = tmp_path / "log"
    job = RunningJob("train protocol=sgd seed=0", [log], 88.0)
    assert not job.update(90.0)
    assert job.seconds_left(90.0) is None and job.line(90.0) == "train protocol=sgd seed=0: 0:02"
    log.write_text(told(10))
    assert job.update(100.0)
    assert job.seconds_left(101.0) is None
    assert job.line(101.0) == "train protocol=sgd seed=0: epoch 10/40, loss 0.50"
    with log.open("a") as file:
        file.write(told(11) + told(12))
    assert job.update(106.0)
    assert not job.update(110.0)
    assert job.seconds_left(110.0) == 28 * 3.0 - 4.0
    assert job.line(110.0) == "train protocol=sgd seed=0: epoch 12/40, loss 0.50, 1:20 left"
    assert job.seconds_left(1000.0) == 0.0


def test_lines_that_are_read_together_tell_no_speed_and_a_new_phase_starts_anew(tmp_path):
    log = tmp_path / "log"
    job = RunningJob("train", [log], 100.0)
    log.write_text(told(0) + told(1) + told(2))
    job.update(100.0)
    assert job.seconds_left(100.0) is None
    log.write_text(told(0, total=7, loss=1e-5))
    job.update(200.0)
    assert job.seconds_left(200.0) is None
    assert job.line(200.0) == "train: epoch 0/7, loss 1e-05"
    with log.open("a") as file:
        file.write(told(1, total=7, loss=float("nan")).replace("nan", "NaN"))
    job.update(1200.0)
    assert job.line(1200.0) == "train: epoch 1/7, loss nan, 1:40:00 left"
