"""The cure for `snakemake --cores 8 --resources gpu=2 all`, against Snakemake's own parser and program."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snakemake.cli import get_argument_parser

from anarch_snakemake import arguments
from anarch_snakemake.arguments import (
    separate_targets,
    snakemake_arguments,
    takes_locks,
    working_directory,
)

ROOT = Path(__file__).parents[2]

SWALLOWED = [  # a line as typed, as it must become, and the targets that Snakemake must then see
    ("--cores 8 --resources gpu=2 all", "--cores 8 --resources gpu=2 -- all", ["all"]),
    ("--resources gpu=2 mem_mb=9 all", "--resources gpu=2 mem_mb=9 -- all", ["all"]),
    ("--resources gpu=2 all --cores 8", "--resources gpu=2 --cores 8 -- all", ["all"]),
    ("--resources gpu=2 all -n", "--resources gpu=2 -n -- all", ["all"]),
    ("--resources gpu=2 all mem_mb=9 -n", "--resources gpu=2 mem_mb=9 -n -- all", ["all"]),
    ("--res gpu=2 r/a.csv r/b.csv", "--res gpu=2 -- r/a.csv r/b.csv", ["r/a.csv", "r/b.csv"]),
    ("needle --resources gpu=2 all", "--resources gpu=2 -- needle all", ["needle", "all"]),
    ("--res gpu=2 needle --config ab=1 all", "--res gpu=2 --config ab=1 -- needle all", ["needle", "all"]),
    ("--config ab=1 all", "--config ab=1 -- all", ["all"]),
    ("--config all", "--config -- all", ["all"]),
    ("-C ab=1 all", "-C ab=1 -- all", ["all"]),
    ("--default-resources mem_mb=9 all", "--default-resources mem_mb=9 -- all", ["all"]),
    ("--default-res all", "--default-res -- all", ["all"]),
    ("--set-threads x=2 all", "--set-threads x=2 -- all", ["all"]),
    ("--set-resources x:mem_mb=2 all", "--set-resources x:mem_mb=2 -- all", ["all"]),
    ("--set-resource-scopes gpu=local all", "--set-resource-scopes gpu=local -- all", ["all"]),
    ("--set-scatter x=2 all", "--set-scatter x=2 -- all", ["all"]),
    ("--groups x=y all", "--groups x=y -- all", ["all"]),
    ("--group-components y=2 all", "--group-components y=2 -- all", ["all"]),
    ("--consider-ancient x=0 all", "--consider-ancient x=0 -- all", ["all"]),
    ("--resour gpu=2 all", "--resour gpu=2 -- all", ["all"]),
]  # fmt: skip

# What Snakemake 9.27.1 starts for one job (`spawn_jobs.py`, executors), shortened.
SPAWNED = (
    "--snakefile /x/Snakefile --target-jobs train:seed=0 --allowed-rules train --cores 1 --attempt 1 "
    "--force-use-threads --resources mem_mb=100 gpu=1 --wait-for-files a b --force --nolock "
    "--ignore-incomplete --rerun-triggers code input --set-scatter x=2 --config ab=1 "
    "--set-resource-scopes gpu=local --configfiles c.yaml "
    "--set-resources base64//dHJhaW46bWVtX21iPTE= base64//eA --set-threads base64//dHJhaW4 "
    "--default-resources base64//bWVtX21iPTE --mode {} --local-groupid local"
)
UNTOUCHED = [
    "", "all", "--cores 8", "--resources=gpu=2 all", "all --resources gpu=2",
    "--cores 8 all --resources gpu=2", "--resources gpu=2 -- all", "--resources gpu=2 all -- needle",
    "--resources gpu=2", "--resources gpu=2 --cores 8 all",
    "--config=ab=1 all", "-Cab=1 all", "--config ab=1 results/lr=0.1/a.csv", "--resources all",
    "--configfile a.yaml b.yaml",
    "--forcerun x all", "-q all", "-n --cores 1 needle_fig3", "--set-threads base64//eD0y",
    SPAWNED.format("subprocess"), SPAWNED.format("remote"),
    "--resources gpu=2 all --mode=remote",
]  # fmt: skip


@cache
def snakemakes_parser():
    return get_argument_parser()


@pytest.mark.parametrize("typed, expected, targets", SWALLOWED)
def test_swallowed_targets_come_behind_two_dashes(typed, expected, targets):
    separated = separate_targets(typed.split())
    assert separated == expected.split()
    if not typed.startswith("--default"):  # its parser evaluates resources against a job
        assert list(snakemakes_parser().parse_args(separated).targets) == targets


def test_other_command_lines_stay_as_they_are():
    for typed in UNTOUCHED:
        assert separate_targets(typed.split()) == typed.split()


TYPED = "all a/b.csv gpu=2 x=y --resources --config -C --cores 8 -n -- --res=gpu=1 --set-threads -d"


@given(st.lists(st.sampled_from(TYPED.split()), max_size=9))
def test_no_word_is_lost_and_a_second_pass_changes_nothing(typed):
    once = separate_targets(typed)
    added = ["--"] if once != typed else []
    assert sorted(once) == sorted(typed + added)
    assert separate_targets(once) == once
    assert [word for word in once if word.startswith("-")] == [
        word for word in typed if word.startswith("-")
    ] + added


def test_every_option_of_pairs_of_this_snakemake_is_known():
    known = {*arguments.PAIRS, *arguments.PAIRS_OR_NONE}
    actions = snakemakes_parser()._actions
    listed = {name for action in actions for name in action.option_strings if action.nargs in ("+", "*")}
    told = {
        name
        for action in actions
        for name in action.option_strings
        if action.nargs in ("+", "*") and "=" in (action.metavar or "")
    }
    assert told <= known <= listed
    optional = {name for action in actions for name in action.option_strings if action.nargs == "*"}
    assert set(arguments.PAIRS_OR_NONE) == known & optional


def test_flags_and_abbreviations_are_those_of_this_snakemake():
    names = {name: action for action in snakemakes_parser()._actions for name in action.option_strings}
    assert set(arguments.FLAGS) == {
        name[1] for name, action in names.items() if len(name) == 2 and action.nargs == 0
    }
    assert set(arguments.IDLE) <= {*names}
    idle = {id(names[name]) for name in arguments.IDLE}
    idle_flags = {name[1] for name, action in names.items() if len(name) == 2 and id(action) in idle}
    assert idle_flags == set(arguments.IDLE_FLAGS)
    for name in names:  # no option that takes locks may look like the beginning of one that does not
        if name not in arguments.IDLE and name.startswith("--"):
            assert takes_locks([name]), name


@pytest.mark.parametrize(
    "command, expected",
    [
        (["snakemake", "-n"], ["-n"]),
        (["/opt/env/bin/snakemake", "-n"], ["-n"]),
        (["/opt/env/bin/python3.11", "/opt/env/bin/snakemake", "-n"], ["-n"]),
        (["python", "-m", "snakemake", "-n"], ["-n"]),
        (["python3", "-X", "dev", "-um", "snakemake"], []),
        (["/lib/python3.11/site-packages/snakemake/__main__.py", "all"], ["all"]),
        (["bash", "-c", "snakemake -n"], None),
        (["timeout", "9", "snakemake"], None),
        (["python", ".snakemake/scripts/tmp1.draw.py"], None),
        (["python", "-m", "pytest", "snakemake"], None),
        (["vim", "snakemake"], None),
        (["python"], None),
        ([], None),
    ],
)
def test_only_snakemake_itself_is_taken_for_snakemake(command, expected):
    assert snakemake_arguments(command) == expected


def test_only_a_run_of_jobs_takes_locks():
    running = [
        "",
        "--cores 1 all",
        "-j4 -k",
        "-F --touch",
        "--cores 1 -- --dry-run",
        "-call",
        "--config n=1",
        "-sSnake_n",
    ]
    idle = [
        "-n",
        "-np",
        "-Fn",
        "--dry-run",
        "--dryr",
        "--unlock",
        "--nolock",
        "--dag",
        "--report x.html",
        "--report=x.html",
        "-l",
        "-h",
    ]
    assert all(takes_locks(line.split()) for line in running)
    assert not any(
        takes_locks(line.split()) for line in [*idle, SPAWNED.format("remote"), SPAWNED.format("subprocess")]
    )


def test_the_working_directory_is_read_however_it_is_written():
    for typed in ("-d a/b", "-da/b", "--directory a/b", "--directory=a/b", "--direc a/b -n", "-d x -d a/b"):
        assert working_directory(typed.split()) == Path("a/b")
    for typed in ("", "--cores 1 -- -d a/b", "--default-resources x=1", "--dag"):
        assert working_directory(typed.split()) == Path(".")


@pytest.mark.parametrize(
    "program", [[sys.executable, "-m", "snakemake"], [str(Path(sys.executable).with_name("snakemake"))]]
)
def test_the_line_that_users_type_works(tmp_path, program):
    (tmp_path / "Snakefile").write_text(
        'rule first:\n    output: "never"\n    shell: "touch {output}"\n'
        'rule all:\n    resources: gpu=1\n    output: "wanted"\n    shell: "touch {output}"\n'
    )
    line = [*program, "--cores", "8", "--resources", "gpu=2", "all", "-n"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "wanted" in done.stdout and "never" not in done.stdout
    assert not (tmp_path / ".snakemake" / "anarch.alive").exists()  # a dry run claims nothing


def test_other_programs_keep_their_arguments_and_get_no_heavy_import():
    program = (
        "import sys; sys.argv = ['other', '--resources', 'gpu=2', 'all']; "
        "import anarch_snakemake; "
        "print(sys.argv[1:], [name for name in ('torch', 'rich', 'anarch') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['--resources', 'gpu=2', 'all'] []"
