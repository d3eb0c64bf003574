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
    doubt,
    separate_targets,
    snakemake_arguments,
    takes_locks,
    working_directory,
)
from anarch_snakemake.lists import LISTS

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
    ("--configfile a.yaml all", "--configfile a.yaml -- all", ["all"]),
    ("--configfile a.yaml b.json r/a.csv", "--configfile a.yaml b.json -- r/a.csv", ["r/a.csv"]),
    ("x --cores 2 --configfile a.yml y", "--cores 2 --configfile a.yml -- x y", ["x", "y"]),
    ("--dag fig3", "--dag -- fig3", ["fig3"]),
    ("--dag mermaid-js fig3", "--dag mermaid-js -- fig3", ["fig3"]),
    ("--rulegraph all", "--rulegraph -- all", ["all"]),
    ("--lint all", "--lint -- all", ["all"]),
    ("--report fig3", "--report -- fig3", ["fig3"]),
    ("--report a.zip fig3", "--report a.zip -- fig3", ["fig3"]),
    ("-q fig3", "-q -- fig3", ["fig3"]),
    ("-nq fig3", "-nq -- fig3", ["fig3"]),
    ("--quiet rules all", "--quiet rules -- all", ["all"]),
    ("--rerun-triggers mtime code all", "--rerun-triggers mtime code -- all", ["all"]),
    ("--sdm conda fig3", "--sdm conda -- fig3", ["fig3"]),
    ("--shared-fs-usage none fig3", "--shared-fs-usage none -- fig3", ["fig3"]),
    ("--logger anarch fig3", "--logger anarch -- fig3", ["fig3"]),
    ("--scheduler greedy fig3", "--scheduler greedy -- fig3", ["fig3"]),
    ("--envvars HOME fig3", "--envvars HOME -- fig3", ["fig3"]),
    ("--forcerun x all", "--forcerun x -- all", ["all"]),
    ("-R x y all -n", "-R x y -n -- all", ["all"]),
    ("-kR x all", "-kR x -- all", ["all"]),
    ("--until x all", "--until x -- all", ["all"]),
    ("-O x all", "-O x -- all", ["all"]),
    ("--prioritize x all", "--prioritize x -- all", ["all"]),
    ("--allowed-rules x all", "--allowed-rules x -- all", ["all"]),
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
    "--configfile a.yaml b.yaml", "--configfile no_ending", "--configfile=a.yaml all", "--dag dot",
    "--forcerun x y", "-Rx all", "-R all", "-q all", "-n --cores 1 needle_fig3", "--set-threads base64//eD0y",
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


TYPED = "all a/b.csv gpu=2 a.yaml --resources --config -C --configfile --dag -R -q --cores 8 -n -- --res=x=1"


@given(st.lists(st.sampled_from(TYPED.split()), max_size=9))
def test_no_word_is_lost_and_a_second_pass_changes_nothing(typed):
    once = separate_targets(typed)
    added = ["--"] if once != typed else []
    assert sorted(once) == sorted(typed + added)
    assert separate_targets(once) == once
    assert [word for word in once if word.startswith("-")] == [
        word for word in typed if word.startswith("-")
    ] + added


def test_every_option_of_several_values_of_this_snakemake_is_known():
    actions = [action for action in snakemakes_parser()._actions if action.nargs in ("+", "*", "?")]
    assert set(LISTS) == {name for action in actions for name in action.option_strings}
    for action in actions:
        for name in action.option_strings:
            values = LISTS[name]
            assert values.most == (1 if action.nargs == "?" else None), name
            assert values.least == {"+": 1, "?": 0}.get(action.nargs, values.least), name
            assert ("=" in (action.metavar or "")) <= values.can_be("x=1", 1), name


def test_every_choice_of_this_snakemake_can_be_a_value_and_nothing_else_can():
    for action in snakemakes_parser()._actions:
        for name in action.option_strings if action.choices else ():
            if name in LISTS:
                assert all(LISTS[name].can_be(getattr(one, "value", one), 0) for one in action.choices), name
                assert not LISTS[name].can_be("needle_fig3", 0), name


def test_a_list_of_rules_that_may_hold_a_target_is_told():
    told = "--forcerun takes all 2 words behind it; a target goes to the end, behind ` -- `"
    assert doubt(["--cores", "2", "--forcerun", "train", "needle_fig3"]) == told
    for clear in ("", "x --forcerun a b", "--forcerun a b -- x", "-R a", "--res a=1 b=2", "-R a --until b"):
        assert doubt(clear.split()) is None
    assert doubt(SPAWNED.format("remote").split()) is None


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


@pytest.fixture
def small(tmp_path):
    """A workflow of two targets, of which the first is the default one."""
    (tmp_path / "Snakefile").write_text(
        'rule first:\n    output: "never"\n    shell: "touch {output}"\n'
        'rule all:\n    resources: gpu=1\n    output: "wanted"\n    shell: "touch {output}"\n'
    )
    (tmp_path / "some.yaml").write_text("some: 1\n")
    return tmp_path


def answer(program, folder, line):
    """What snakemake says to a dry run, both streams, and its exit status."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*program, *line.split()], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr, done.returncode


@pytest.mark.parametrize(
    "line",
    ["--cores 8 --resources gpu=2 all -n", "-n --configfile some.yaml all", "--dag all", "-n -R all all"],
)
def test_the_line_that_users_type_makes_the_target(small, line):
    printed, status = answer([sys.executable, "-m", "snakemake"], small, line)
    assert status == 0, printed
    assert "all" in printed and "first" not in printed and "Traceback" not in printed
    assert not (small / ".snakemake" / "anarch.alive").exists()  # a dry run claims nothing


def test_the_installed_program_is_mended_too(small):
    program = [str(Path(sys.executable).with_name("snakemake"))]
    printed, status = answer(program, small, "--cores 8 --resources gpu=2 all -n")
    assert status == 0 and "wanted" in printed and "never" not in printed


def test_a_config_file_that_is_not_there_is_one_line(small):
    printed, status = answer([sys.executable, "-m", "snakemake"], small, "-n --configfile some.yml all")
    assert status == 1
    assert printed == "anarch: --configfile: there is no file some.yml\n"


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
