"""From a dry run to a table: jobs, chains, studies, memory, and every run of every scale."""

from pathlib import Path

import pytest
import yaml

from anarch.cost.jobs import Planned, longest_chain, planned_jobs
from anarch.cost.plan import DEVICES, JOBS, Priced, Short, priced, rows, short, study_of, unknown_rules
from anarch.cost.scale import Scale, train
from anarch.cost.work import Cost, Device, Work, total
from anarch.workflow.config import validated
from anarch.workflow.studies import STUDIES

ROOT = Path(__file__).parents[2]
PRINTED = """Building DAG of jobs...
[Sun Nov 22 08:00:00 2026]
rule needle_cnn:
    input: results/smoke/data/digits/manifest.json, results/smoke/data/digits/data.safetensors
    output: results/smoke/needle/runs/sgd/cnn-s0/spec.json, results/smoke/needle/runs/sgd/cnn-s0/history.csv
    log: results/smoke/logs/needle/runs/sgd/cnn-s0.log
    jobid: 3
    reason: Missing output files: results/smoke/needle/runs/sgd/cnn-s0/spec.json
    wildcards: study=needle, run=sgd/cnn-s0
    resources: tmpdir=<TBD>, gpu=1, mem_mb=4000, mem_mib=3815, runtime=120

[Sun Nov 22 08:00:00 2026]
rule needle_blocks:
    input: results/smoke/data/digits/manifest.json
    output: results/smoke/needle/tables/blocks.csv
    jobid: 4
    resources: tmpdir=<TBD>, mem_mb=4000

[Sun Nov 22 08:00:00 2026]
localrule all:
    input: results/smoke/needle/tables/blocks.csv
    jobid: 0
    reason: Rules with neither input nor output files are always executed.
Job stats:
"""


def scale(name: str) -> Scale:
    config = yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text())
    return Scale(config, validated(config, ROOT), {})


def test_jobs_of_a_dry_run():
    cnn, blocks = planned_jobs(PRINTED)
    assert (cnn.rule, cnn.wildcards) == ("needle_cnn", {"study": "needle", "run": "sgd/cnn-s0"})
    assert len(cnn.inputs) == len(cnn.outputs) == 2 and cnn.asks("mem_mb") == 4000 and cnn.gpu
    assert cnn.log == "results/smoke/logs/needle/runs/sgd/cnn-s0.log"
    assert blocks.rule == "needle_blocks" and not blocks.gpu and blocks.wildcards == {}


def test_the_longest_chain():
    """a -> b -> d and c -> d: 1 + 2 + 4 and 5 + 4."""
    a, b = Planned("a", outputs=("a",)), Planned("b", inputs=("a",), outputs=("b",))
    c, d = Planned("c", outputs=("c",)), Planned("d", inputs=("b", "c", "elsewhere"), outputs=("d",))
    assert longest_chain([d, c, b, a], [4, 5, 2, 1]) == 9
    assert longest_chain([], []) == 0


def test_costs_add_up_and_the_larger_memory_counts():
    one = Cost(trained=Work(1, 2, 3, 4), trainings=1, memory=5, disk=6, start=7)
    both = total([one, Cost(measured=Work(10), memory=3, disk=1)])
    assert both.trained == Work(1, 2, 3, 4) and both.measured.flops == 10
    assert (both.trainings, both.memory, both.disk, both.start) == (1, 5, 7, 7)


def test_seconds_at_a_stated_speed():
    device = Device("toy", speed=10, bandwidth=100, latency=0.5)
    assert device.seconds(Work(flops=20, moved=300, calls=4)) == 2 + 3 + 2
    assert device.seconds_of(Cost(trained=Work(20), start=1)) == 3


def test_more_devices_help_down_to_the_longest_chain():
    jobs = [Planned("needle_x", outputs=(str(k),), resources={"gpu": "1"}) for k in range(4)]
    every = [Priced(job, "needle", Cost(start=3600), True) for job in jobs]
    assert [rows(every, DEVICES["cpu"], n)[-1].hours for n in (1, 2, 100)] == [4, 2, 1]


def test_a_job_without_gpu_is_done_by_the_cpu():
    work = Cost(trained=Work(flops=1e15))
    alike = [Priced(Planned("a", resources={"gpu": gpu}), "needle", work, True) for gpu in ("0", "1")]
    slow, fast = (rows([one], DEVICES["gpu"], 1)[-1].hours for one in alike)
    assert slow > 10 * fast


def test_a_rule_that_asks_for_too_little():
    asked = {"mem_mb": "1000", "runtime": "60"}
    jobs = [
        Priced(Planned("a", resources=asked), "needle", Cost(memory=memory, start=start), True)
        for memory, start in ((9e8, 3500), (2e9, 60), (3e9, 7200))
    ]
    memory, runtime = short(jobs, DEVICES["cpu"])
    assert memory == Short("a", "mem_mb", 1000, 2, 3000)
    assert runtime == Short("a", "runtime", 60, 1, 120)


def test_a_rule_that_nobody_knows_is_named():
    strange = Planned("atlas_unheard_of", inputs=("a.safetensors",), outputs=("atlas.csv",))
    drawing = Planned("needle_fig3", inputs=("a.csv",), outputs=("needle/figures/fig3.png",))
    assert unknown_rules(priced([strange, drawing], scale("smoke"))) == ["atlas_unheard_of"]
    assert study_of(strange) == "atlas" and study_of(drawing) == "needle"
    assert (
        study_of(Planned("bad_minima_fig1")) == "bad_minima" and study_of(Planned("prepare_data")) == "data"
    )


@pytest.mark.parametrize("name", ["smoke", "config", "cifar", "paper"])
def test_every_run_of_every_scale_has_a_cost(name):
    """Weights, steps and all: also of the paper scale's thousand millions of weights."""
    of = scale(name)
    for study in STUDIES:
        for run in of.runs[study]:
            cost = train(of, {"study": study, "run": run})
            assert cost.trained.flops > 0 and cost.memory > 0 and cost.disk > 0, run


WILDCARDS = {
    "needle_measure": {"protocol": "alexnet", "seed": "0"},
    "needle_interpolate": {"seed": "0"},
    "blessing_measure_swissroll": {"seed": "0"},
    "embedding_search": {"search": "line-m3"},
    "embedding_descend": {"descent": "small-s0"},
    "embedding_reduce": {"network": "cnn-s0"},
    "blessing_minefield_networks": {},
}


@pytest.mark.parametrize("rule", sorted(WILDCARDS))
def test_larger_scales_cost_more(rule):
    costs = [JOBS[rule](scale(name), WILDCARDS[rule]) for name in ("smoke", "config", "paper")]
    work = [(cost.trained + cost.measured).flops for cost in costs]
    assert 0 < work[0] < work[1] < work[2]
    assert all(cost.memory > 0 for cost in costs)


def test_what_is_lifted_would_cost_more_with_padding():
    laptop = scale("config")
    lifted, cnn = (train(laptop, {"study": "needle", "run": f"sgd/{run}-s0"}) for run in ("fcn", "cnn"))
    assert lifted.trained.padded > 1.1 * lifted.trained.flops and cnn.trained.padded == cnn.trained.flops
