"""The smoke scale end to end, and what runs again after a change.  One run serves all tests of this file."""

import csv
import shutil
import zipfile

import pytest
from checkout import SMOKE, Checkout
from registered_tables import differences

from anarch.workflow import claims, paths, records
from anarch.workflow.exhibits import registers

pytestmark = pytest.mark.smoke

FIGURES = {study: list(register.figures) for study, register in registers().items()}
FIGURE_RULES = {f"{study}_{name}" for study, names in FIGURES.items() for name in names}
RELAXATIONS = {"needle_relax", "needle_relax_traced"}
TRAININGS = {"needle_cnn", "bad_minima_train", "scratch_train", "blessing_train", *RELAXATIONS}
MEASUREMENTS = {
    "needle_lift",
    "needle_measure",
    "needle_interpolate",
    "bad_minima_measure",
    "bad_minima_toy_boundaries",
    "embedding_reduce",
    "scratch_measure",
    "scratch_filters",
    "scratch_twins",
    "blessing_swissroll",
    "blessing_minefield_networks",
    "blessing_rings",
    "blessing_measure_swissroll",
    "blessing_measure_images",
    "blessing_slice_images",
    "atlas_measure",
    "atlas_measure_swissroll",
}
RUN = "results/smoke/needle/runs"
KEEP_NO_RECORD = ("logs", "timings")  # they only tell how a job went


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Checkout:
    """The whole smoke scale, made by the line that our user types (and a config)."""
    checkout = Checkout.copy(tmp_path_factory.mktemp("smoke") / "anarch")
    checkout.run("snakemake", *SMOKE, "--cores", "2", "--resources", "gpu=2", "all")
    return checkout


@pytest.fixture
def checkout(finished: Checkout):
    """The finished checkout with its code as it was; artefacts that a test deletes it puts back itself."""
    yield finished
    fresh = Checkout.copy(finished.root.with_name("fresh"))
    for file in fresh.root.rglob("*"):
        place = finished.root / file.relative_to(fresh.root)
        if file.is_file() and place.read_bytes() != file.read_bytes():
            shutil.copyfile(file, place)
    shutil.rmtree(fresh.root)


@pytest.mark.parametrize("study", FIGURES)
def test_every_figure_is_there_and_is_a_target(finished, study):
    for name in FIGURES[study]:
        for kind in ("png", "svg"):
            assert (finished.root / f"results/smoke/{study}/figures/{name}.{kind}").stat().st_size > 2000
    assert finished.planned(*(f"{study}_{name}" for name in FIGURES[study]), *SMOKE) == {}


def test_nothing_is_left_to_do_and_nothing_half_written_is_left(finished):
    assert finished.planned(*SMOKE) == {}
    leftovers = [p for p in (finished.root / "results").rglob(".*") if p.name != ".lock"]
    assert leftovers == []


def test_every_artefact_is_vouched_for_by_the_record_of_its_folder(finished):
    results = finished.root / "results/smoke"
    for file in (file for file in results.rglob("*") if file.is_file()):
        if (
            file.name not in (records.RECORD, ".lock")
            and file.parts[len(results.parts)] not in KEEP_NO_RECORD
        ):
            assert records.problem(file, records.recorded(file.parent)) is None, file


def test_the_page_of_verdicts_is_told_of_at_the_end(finished):
    tally = (finished.root / "results/smoke/report/tally.txt").read_text().strip()
    assert tally.startswith("results/smoke/report/index.html: ")
    printed = finished.run("snakemake", *SMOKE, "--cores", "1", "--forcerun", "report", "--", "report")
    assert tally in printed.splitlines()


def test_snakemakes_own_report_holds_every_figure(finished):
    finished.run("snakemake", *SMOKE, "--cores", "1", "--report", "own.zip", "--", "all")
    with zipfile.ZipFile(finished.root / "own.zip") as archive:
        page = archive.read("own/report.html").decode()
    for study, names in FIGURES.items():
        for name in names:
            assert f'"results/smoke/{study}/figures/{name}.png": {{"name": "{name}.png"' in page
    (finished.root / "own.zip").unlink()


def test_rules_that_compute_with_networks_declare_a_gpu_and_no_other_does(finished):
    printed = finished.told("--forceall", *SMOKE)
    for block in printed.split("\n\n"):
        for rule in block.split("\nrule ")[1:]:
            name = rule.split(":")[0]
            if name in TRAININGS | MEASUREMENTS:
                assert "gpu=1" in rule and "mem_mb=" in rule and "runtime=" in rule, rule
            elif name in FIGURE_RULES | {"needle_history", "needle_measures", "bad_minima_measures", "all"}:
                assert "gpu=" not in rule, rule


def test_a_touch_a_comment_and_a_docstring_run_nothing(checkout):
    for file in (
        "workflow_scripts/train.py",
        "anarch/training/loop.py",
        "rules/needle.smk",
        "config/smoke.yaml",
    ):
        (checkout.root / file).touch()
    checkout.edit("anarch/lifting/layers.py", "\nimport torch\n", "\nimport torch  # a comment\n")
    checkout.edit("anarch/training/loop.py", '"""The training loop', '"""Other words: the training loop')
    checkout.edit("workflow_scripts/measure.py", '"""Measure', '"""Here we measure')
    checkout.edit("config/smoke.yaml", "# The smoke scale", "# A comment on the smoke scale")
    assert checkout.planned(*SMOKE) == {}


def test_an_edit_of_the_lifting_runs_what_depends_on_it(checkout):
    checkout.edit("anarch/lifting/layers.py", "\nimport torch\n", "\nimport torch\n\nEDITED = 1\n")
    plan = checkout.planned(*SMOKE)
    assert {"needle_lift", *RELAXATIONS, "needle_measure", "needle_fig3"} <= set(plan)
    assert not {"needle_cnn", "prepare_data", "bad_minima_train", "bad_minima_fig3"} & set(plan)


def test_an_edit_of_the_corruption_runs_what_began_with_random_labels(checkout):
    checkout.edit("anarch/data/corruption.py", "\nimport torch\n", "\nimport torch\n\nEDITED = 1\n")
    plan = checkout.planned(*SMOKE)
    assert not {"needle_cnn", "prepare_data", *RELAXATIONS} & set(plan)
    made = {file.split("/")[-2] for file in plan["bad_minima_train"]}
    assert made == {f"{name}-r2-s{seed}" for name in ("pretraining", "vanilla", "sota") for seed in (0, 1)}


def test_an_edit_of_the_reduction_runs_the_reductions_and_what_shows_them(checkout):
    checkout.edit("anarch/critical/reduction.py", "\nimport torch\n", "\nimport torch\n\nEDITED = 1\n")
    tables = {f"embedding_{name}" for name in ("training", "reductions", "groups", "cosines", "agreement")}
    assert set(checkout.planned(*SMOKE)) == {"embedding_reduce", *tables, "embedding_fig5", "embedding_fig6"}


@pytest.mark.parametrize(
    "module, study, mark",
    [
        ("beta_lasso", "scratch", "lasso"),
        ("poisoned", "blessing", "poisoned/"),
        ("gradient_free", "blessing", "optimisers/"),
    ],
)
def test_an_edit_of_a_loss_or_optimiser_runs_only_what_descends_by_it(checkout, module, study, mark):
    checkout.edit(f"anarch/training/{module}.py", "\nimport torch\n", "\nimport torch\n\nEDITED = 1\n")
    plan = checkout.planned(*SMOKE)
    assert not {"prepare_data", *TRAININGS} & set(plan) - {f"{study}_train"}
    made = {file for file in plan[f"{study}_train"] if file.endswith("/spec.json")}
    assert made and all(mark in file for file in made) and not any("/beta0-" in file for file in made)


def test_an_edit_of_the_loop_runs_every_training(checkout):
    checkout.edit("anarch/training/loop.py", "\nimport torch\n", "\nimport torch\n\nEDITED = 1\n")
    plan = checkout.planned(*SMOKE)
    assert set(plan) >= TRAININGS and "prepare_data" not in plan


def test_a_new_figure_style_runs_figures_only(checkout):
    checkout.edit("anarch/figures/style.py", "\nimport", "\nEDITED = 1\nimport")
    assert set(checkout.planned(*SMOKE)) == FIGURE_RULES


def test_another_architecture_makes_only_its_own_networks_stale(checkout):
    checkout.edit("anarch/models/alexnet.py", "\nfrom", "\nEDITED = 1\nfrom")
    made = {file for files in checkout.planned(*SMOKE).values() for file in files if "/runs/" in file}
    assert made and all("/runs/alexnet/" in file for file in made)


def test_every_table_is_as_registered_and_every_claim_has_a_row(finished):
    assert differences(finished.root, "smoke") == []
    with (finished.root / paths.claims("smoke")).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["id"] for row in rows] == [row["id"] for row in claims.load(finished.root / claims.CLAIMS)]
    exact = {row["id"] for row in rows if row["verdict"] != "not_judged"}
    assert {"needle.same_function", "embedding.theorem1", "scratch.table4"} <= exact


def test_an_edited_claim_runs_the_claims_again_and_a_comment_does_not(checkout):
    checkout.edit("config/claims.yaml", "# What the five papers claim", "# What five papers claim")
    assert checkout.planned(*SMOKE) == {}
    checkout.edit("config/claims.yaml", "tolerance: 1.0e-5", "tolerance: 2.0e-5")
    assert set(checkout.planned(*SMOKE)) == {"claims", "report"}


def test_a_new_seed_runs_that_seed_and_what_sums_it_up(checkout):
    checkout.edit("config/smoke.yaml", "seeds: [0, 1]", "seeds: [0, 1, 2]")
    plan = checkout.planned(*SMOKE)
    made = {file for files in plan.values() for file in files}
    made -= {paths.claims("smoke")}
    for file in made:
        assert "/needle/" in file or "/atlas/" in file, file
        assert "-s2" in file or "/figures/" in file or (file.count("/") == 4 and "/tables/" in file), file
    assert not {"prepare_data", "needle_trace_paths", "needle_trace_filters", "needle_blocks"} & set(plan)


@pytest.mark.parametrize(
    "lost, runs",
    [
        ("figures/fig3.png", {"needle_fig3"}),
        ("tables/filters.csv", {"needle_trace_filters", "needle_fig6", "needle_fig7"}),
        ("tables/blocks.csv", {"needle_blocks", "needle_figA"}),
    ],
)
def test_a_deleted_artefact_runs_again_with_what_hangs_on_it(checkout, lost, runs):
    file = checkout.root / "results/smoke/needle" / lost
    kept = file.read_bytes()
    file.unlink()
    assert set(checkout.planned(*SMOKE)) == runs
    checkout.run("snakemake", *SMOKE, "--cores", "2", "--", f"results/smoke/needle/{lost}")
    assert file.read_bytes() == kept


def test_a_deleted_training_runs_again_and_no_other(checkout):
    file = checkout.root / RUN / "sgd/efcn-t2-s1/final.safetensors"
    kept = file.read_bytes()
    file.unlink()
    plan = checkout.planned(*SMOKE)
    made = {file for rule in TRAININGS for file in plan.get(rule, ())}
    assert made and all("sgd/efcn-t2-s1/" in file for file in made)
    assert "results/smoke/needle/tables/measures/sgd-s0.csv" not in plan["needle_measure"]
    checkout.run("snakemake", *SMOKE, "--cores", "2", "--", "all")
    assert file.read_bytes() == kept


def test_a_lost_relaxation_is_made_again_also_where_its_certificate_is(checkout):
    """Snakemake leaves out a missing job behind one that is to run, where `ancient` files alone join them."""
    results = checkout.root / "results/smoke/needle"
    final = results / "runs/sgd/efcn-t1-s0/final.safetensors"
    lost = [results / "tables/certificates.csv", results / "tables/certificates/sgd-s0.csv", final]
    for file in lost:
        file.rename(file.with_name("aside"))
    plan = checkout.planned(*SMOKE, "--", str(final.relative_to(checkout.root)))
    everything = checkout.planned(*SMOKE)
    for file in lost:
        file.with_name("aside").rename(file)
    assert "needle_relax_traced" in plan and {"needle_relax_traced", "needle_lift"} <= set(everything)


def test_an_interrupted_training_leaves_no_stale_table_that_counts_as_finished(checkout):
    """Snakemake deletes what a stopped job was to replace, and does not miss it where products stand."""
    checkout.edit(
        "config/smoke.yaml",
        "cnn: {epochs: 2, batch_size: 50, lr: 0.1}",
        "cnn: {epochs: 2, batch_size: 50, lr: 0.2}",
    )
    run = checkout.root / RUN / "sgd/cnn-s0"
    kept = run.rename(run.with_name("aside"))
    for target in ("results/smoke/needle/tables/certificates/sgd-s0.csv", "needle_fig3"):
        assert "needle_cnn" in checkout.planned(*SMOKE, "--", target)
    kept.rename(run)


def test_a_corrupt_dataset_is_named_and_never_trained_on(checkout):
    data = checkout.root / "results/smoke/data/cluttered_digits/data.safetensors"
    kept = data.read_bytes()
    data.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    spec = (checkout.root / RUN / "sgd/cnn-s0/spec.json").read_text()
    printed = checkout.run(
        "python",
        "workflow_scripts/train.py",
        "--spec",
        spec,
        "--data",
        str(data.parent),
        "--out",
        "out",
        fails=True,
    )
    data.write_bytes(kept)
    assert printed.strip().splitlines()[-1] == (
        f"error: {data} is damaged: its bytes are not those that were recorded;"
        f" make it again: snakemake --cores 1 -- {data}"
    )
