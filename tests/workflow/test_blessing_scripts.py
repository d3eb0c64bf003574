"""The jobs of the blessing study on tiny inputs: restarts, tables, and what the numbers in them mean."""

import csv
import json
import math

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from torch.testing import assert_close

import map_minefield
import measure_basins
import minefield
import pair_goods
import rings
import slice_minima
import swissroll
import swissroll_boundaries
from anarch.complexity.boundary import boundary_distances
from anarch.landscape.basins import radii_at_cutoffs
from anarch.landscape.stability import unstable_share
from anarch.landscape.volume import log10, log_unit_ball
from anarch.training.stacked import kernel_mask
from anarch.workflow.blessing_toys import Descending, Minefield, Rings, Swissroll
from anarch.workflow.specs import canonical_json
from shared.ensembles import descent, run_saved, workshop
from shared.minima import Minimum

STEPS = Descending(steps=30, lr=0.02)
ROLL = Swissroll(
    seeds=(0, 3), betas=(0.0, 0.1), train=12, extra=6, test=40, hidden=(7, 5), input_scale=0.2,
    good=STEPS, poisoned=STEPS,
)  # fmt: skip
BARE = ["--gpus", "0", "--threads", "1"]


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def roll(tmp_path_factory):
    """The networks of ROLL."""
    path = tmp_path_factory.mktemp("roll") / "networks.safetensors"
    swissroll.main(["--spec", canonical_json(ROLL), "--out", str(path), *BARE])
    return path


def test_each_network_is_as_if_it_were_trained_alone(roll):
    """All of one seed and beta: initial weights, D_t, the stream of D_d; to rounding."""
    kept = load_file(roll)
    assert list(zip(kept["seeds"].tolist(), kept["betas"].tolist(), strict=True)) == [
        (0, 0.0), (0, 0.1), (3, 0.0), (3, 0.1)
    ]  # fmt: skip
    alone = swissroll.training(ROLL, STEPS, [(3, 0.1)], torch.device("cpu"))
    alone.run()
    assert_close(alone.parameters[0], kept["parameters"][3], rtol=1e-4, atol=1e-5)
    assert sorted(p.name for p in roll.parent.iterdir()) == [".lock", "SHA256", roll.name]


def test_a_stopped_ensemble_goes_on_with_the_same_bits(tmp_path):
    members, cpu = [(0, 0.1), (3, 0.1)], torch.device("cpu")
    whole = swissroll.training(ROLL, STEPS, members, cpu)
    whole.run()
    first = swissroll.training(ROLL, STEPS, members, cpu)
    first.run(13)
    torch.save(first.state_dict(), tmp_path / "state.pt")
    second = swissroll.training(ROLL, STEPS, members, cpu)
    run_saved(second, tmp_path / "state.pt", save_every=1e9)
    assert torch.equal(second.parameters, whole.parameters)
    again = swissroll.training(ROLL, STEPS, members, cpu)
    run_saved(again, tmp_path / "state.pt", save_every=1e9)  # the end is saved too: nothing is left to do
    assert again.step == 30 and torch.equal(again.parameters, whole.parameters)


def test_a_workshop_outlives_a_crash_and_no_success(tmp_path):
    with pytest.raises(KeyError), workshop(tmp_path, "one") as work:
        (work / "state.pt").write_text("kept")
        raise KeyError
    with workshop(tmp_path, "one") as work:
        assert (work / "state.pt").read_text() == "kept"
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


HOW = measure_basins.Basins(
    cutoffs=(1e-9, 5.0), main=5.0, directions=4, preconditioned=3, points=0, tolerance=1e-3, step=0.1
)


def minimum(scale: float = 1.0) -> Minimum:
    torch.manual_seed(1)
    network = nn.Sequential(nn.Linear(2, 6), nn.ReLU(), nn.Linear(6, 1)).eval()
    x = torch.randn(20, 2)
    y = (network(x).squeeze(1) > network(x).median()).long()
    with torch.no_grad():
        network[2].bias -= network(x).median()
        for parameter in network[2].parameters():
            parameter *= scale
    return Minimum("set", 0, 0.0, network, (x, y), (x, y))


def test_a_minimum_above_the_cutoff_has_no_basin_and_one_below_has():
    """One layer scaled up: radii in filter lengths; n counts weights alone, 2 * 6 + 6."""
    at = minimum(300.0)
    above, below = measure_basins.volumes(at, at.train, HOW)
    assert not above["inside"] and "radius_mean" not in above and above["dimension"] == 18
    assert below["inside"] and 0 < below["radius_min"] <= below["radius_median"] <= below["radius_max"]
    assert (
        below["radius_std"] > 0
        and 1 <= below["effective"] <= 4
        and 1 <= below["preconditioned_effective"] <= 3
    )
    assert below["points"] == 20 and below["log10_determinant"] <= 0
    assert not [name for name in above if name.startswith(("log10", "preconditioned"))]
    assert below["log10_quadratic"] <= log10(log_unit_ball(18))


def test_what_is_told_of_a_minimum():
    at = minimum()
    row = measure_basins.point(at, at.train, HOW)
    assert row["filter_sharpness_converged"] and row["filter_sharpness"] != row["sharpness"]
    assert row["unstable"] == unstable_share(at.network, *at.train, 0.1)
    assert row["boundary"] == boundary_distances(at.network, at.train[0]).median().item()


def test_a_ray_passes_through_the_minimum_and_crosses_the_cutoff_at_its_radius():
    at = minimum(300.0)
    loss = measure_basins.scores(at.network, at.train)[0]
    radii = radii_at_cutoffs(at.network, *at.train, (loss + 1.0,), 3).radii[0]
    ticks = torch.linspace(-3, 3, 41, dtype=torch.float64) * slice_minima.typical(radii)
    rows = slice_minima.rays(at, at.train, radii, ticks)
    for k in range(3):
        ray = [row for row in rows if row["direction"] == k]
        assert min(ray, key=lambda row: abs(row["step"]))["loss"] == pytest.approx(loss, rel=1e-5)
        out = [row for row in ray if row["step"] >= 0]
        crossed = next((row["step"] for row in out if row["loss"] >= loss + 1.0), math.inf)
        before = max(row["step"] for row in out if row["step"] < crossed)
        assert before <= ray[0]["radius"] * (1 + 1e-3) and ray[0]["radius"] <= crossed * (1 + 1e-3)


def test_measures_and_slices_of_the_swiss_roll_are_tables(roll, tmp_path):
    source = ["--source", "swissroll_minima", "--networks", str(roll), "--spec", canonical_json(ROLL)]
    out = [f"--{name}={tmp_path / name}.csv" for name in ("minima", "basins")]
    how = {"cutoffs": [0.9, 2], "main": 2, "directions": 5, "preconditioned": 4, "points": 0}
    options = ["--seeds=3", "--how", json.dumps({**how, "tolerance": 0.3, "step": 0.1})]
    measure_basins.main([*source, *options, "--column", "dataset=roll", *out, *BARE])
    minima, basins = table(tmp_path / "minima.csv"), table(tmp_path / "basins.csv")
    assert [(row["seed"], row["beta"]) for row in minima] == [("3", "0.0"), ("3", "0.1")]
    assert minima[0]["dataset"] == "roll" and minima[0]["train_points"] == "12"
    assert [row["main"] for row in basins] == ["False", "True"] * 2
    out = [f"--{name}={tmp_path / name}.csv" for name in ("rays", "surface")]
    options = ["--seeds=0", "--cutoff=2", "--points=0", "--rays-number=2", "--steps=5", "--plane=3"]
    slice_minima.main([*source, *options, *out, *BARE])
    rays, surface = table(tmp_path / "rays.csv"), table(tmp_path / "surface.csv")
    planes = [row for row in surface if row["zoom"] == "False"]
    assert len(rays) == 2 * 2 * 5 and len(planes) == 2 * 9 and (len(surface) - len(planes)) % 9 == 0
    middle = next(row for row in surface if float(row["a"]) == float(row["b"]) == 0 and row["beta"] == "0.0")
    centre = next(row for row in rays if float(row["step"]) == 0 and row["beta"] == "0.0")
    assert float(middle["loss"]) == pytest.approx(float(centre["loss"]), rel=1e-6)


def test_frames_are_a_loop_that_begins_at_the_minimum(roll, tmp_path):
    out = [f"--boundaries={tmp_path / 'boundaries'}.csv", f"--perturbed={tmp_path / 'frames'}.csv"]
    options = ["--seeds", "0", "--grid", "5", "--frames", "4", "--frame-grid", "5", "--size", "0.5"]
    spec = ["--networks", str(roll), "--spec", canonical_json(ROLL)]
    swissroll_boundaries.main([*spec, *options, *out, *BARE])
    still = [row for row in table(tmp_path / "boundaries.csv") if row["kind"] == "grid"]
    moved = table(tmp_path / "frames.csv")
    first = [row for row in moved if row["frame"] == "0"]
    assert [float(row["value"]) for row in first] == pytest.approx([float(row["value"]) for row in still])
    assert {round(float(row["size"]), 6) for row in moved if row["frame"] in "13"} == {
        round(math.hypot(0.5, 0.25), 6)
    }


def test_the_minefield_starts_from_every_kept_iterate(tmp_path):
    spec = {
        "seed": 0, "every": 4, "train": 8, "extra": 8, "test": 20, "beta": 0.5, "hidden": [5],
        "good": {"steps": 10, "lr": 0.01}, "poisoned": {"steps": 5, "lr": 0.01},
    }  # fmt: skip
    path = tmp_path / "field" / "networks.safetensors"
    minefield.main(["--spec", json.dumps(spec), "--out", str(path), *BARE])
    kept = load_file(path)
    assert kept["epochs"].tolist() == [0, 4, 8, 10]
    assert kept["iterates"].shape == kept["poisoned"].shape == (4, 21)
    assert not (kept["iterates"] == kept["poisoned"]).all(1).any()
    out = tmp_path / "field.csv"
    map_minefield.main(["--networks", str(path), "--spec", json.dumps(spec), "--out", str(out), *BARE])
    mask = kernel_mask((2, 5, 1))
    moved, way = kept["poisoned"][0] - kept["iterates"][0], kept["iterates"][-1] - kept["iterates"][0]
    row = next(row for row in table(out) if row["kind"] == "poisoned")
    relative = (moved[mask].norm() / way[mask].norm()).item()
    assert float(row["relative_distance"]) == pytest.approx(relative, rel=1e-5)


def test_a_minefield_by_batches_sees_every_point_once_an_epoch():
    """A batch as large as the set is a full-batch step, in another order; smaller ones take another way."""
    told = {"seed": 0, "every": 2, "train": 8, "extra": 8, "test": 20, "beta": 0.5, "hidden": (5,)}
    steps = Descending(steps=4, lr=0.01)
    ways = [
        minefield.way(Minefield(**told, good=steps, poisoned=steps, batch_size=size), torch.device("cpu"))
        for size in (0, 8, 3)
    ]
    assert all(epochs.tolist() == [0, 2, 4] for epochs, _ in ways)
    assert_close(ways[0][1], ways[1][1])
    # Adam moves a weight by its rate in each of the first steps: three batches an epoch go farther.
    moved = [(iterates[1] - iterates[0]).norm().item() for _, iterates in ways]
    assert moved[2] > 1.5 * moved[0]


def test_each_good_minimum_is_held_against_the_next_seeds():
    basins = pd.DataFrame(
        [
            {"set": name, "seed": seed, "beta": beta, "cutoff": 0.1, "main": True}
            | {"log10_volume": -10.0 * seed**2 - beta, "log10_volume_median": -1.0}
            | {"log10_preconditioned": None if name == "b" else -2.0 * seed}
            for name, seeds in (("a", (0, 1, 3)), ("b", (4,)))
            for seed in seeds
            for beta in (0.5, 0.0)
        ]
    )
    rows = pair_goods.pairs(basins)
    assert [(r["set"], r["seed"], r["other"], r["log10_volume"]) for r in rows] == [
        ("a", 0, 1, 10.0), ("a", 1, 3, 80.0), ("a", 3, 0, 90.0), ("b", 4, None, None),
    ]  # fmt: skip
    assert [r["log10_preconditioned"] for r in rows] == [2.0, 4.0, 6.0, None]
    assert [r["log10_volume_median"] for r in rows] == [0.0, 0.0, 0.0, None]


def test_both_margins_of_the_rings_begin_at_the_same_weights(tmp_path):
    spec = Rings(seeds=(0, 1), wide=0.2, pinched=0.001, hidden=(6, 6), grid=4, descent=STEPS)
    members = [("wide", 0), ("pinched", 0)]
    begun = rings.networks(spec, members, torch.device("cpu")).parameters
    assert torch.equal(begun[0], begun[1])
    out = tmp_path / "rings.csv"
    rings.main(
        ["--spec", canonical_json(spec), "--states", str(tmp_path / "states"), "--out", str(out), *BARE]
    )
    rows = table(out)
    assert len([row for row in rows if row["kind"] == "score"]) == 4
    assert len([row for row in rows if row["kind"] == "grid"]) == 2 * 16
    assert len([row for row in rows if row["kind"] == "point"]) == 2 * 130


def test_what_an_ensemble_shares_is_all_but_rate_and_decay():
    shared = descent(
        Descending(steps=7, lr=0.3, weight_decay=0.1, clip_norm=8.0, milestones=(3,), schedule="steps")
    )
    assert (shared.steps, shared.clip_norm, shared.milestones, shared.schedule) == (7, 8.0, (3,), "steps")
