"""The rule that judges, and what stops it before any job; dry runs only."""

import shutil

import pytest
from checkout import ROOT, SMOKE, Checkout
from registered_tables import differences

from anarch.workflow import claims, paths


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Checkout:
    return Checkout.copy(tmp_path_factory.mktemp("claims") / "anarch")


@pytest.fixture
def checkout(copy: Checkout):
    """A copy whose claims are ours again after the test."""
    yield copy
    (copy.root / claims.CLAIMS).write_text((ROOT / claims.CLAIMS).read_text())


def test_claims_is_a_target_that_reads_the_tables_of_all_studies(checkout):
    printed = checkout.told(*SMOKE, "--", "claims")
    assert "rule claims:\n    input: " in printed and f"    output: {paths.claims('smoke')}\n" in printed
    plan = checkout.planned(*SMOKE, "--", "claims")
    assert {"needle_measures", "bad_minima_measures", "scratch_select", "embedding_certify"} <= set(plan)
    assert not any("_fig" in rule for rule in plan)


@pytest.mark.parametrize(
    "old, new, says",
    [
        ("table: certificates", "table: certified", "left.table: there is no table of needle 'certified'"),
        ("largest_difference /", "off /", "left.value: there is no column of needle certificates 'off'"),
        ("[needle_figA]", "[needle_fig12]", "figures: there is no target 'needle_fig12'"),
    ],
)
def test_a_claim_that_cannot_be_judged_fails_at_the_start_in_one_line(checkout, old, new, says):
    checkout.edit(claims.CLAIMS, old, new)
    printed = checkout.run("snakemake", "-n", "--cores", "1", *SMOKE, "--", "needle_fig3", fails=True)
    (line,) = [line for line in printed.splitlines() if claims.CLAIMS in line]
    assert f"config/claims.yaml: needle.same_function.{says}" in line and "Traceback" not in printed


def test_the_registers_are_compared_with_what_lies_there(tmp_path):
    """The comparison that the smoke run is put to, on tables that are planted."""
    exhibits = tmp_path / "anarch/exhibits"
    exhibits.mkdir(parents=True)
    shutil.copy(ROOT / "anarch/exhibits/schema.yaml", exhibits)
    (exhibits / "needle.yaml").write_text(
        "about: planted\nfigures: {}\ntables:\n"
        "  measures: {row: a run, replicate: seed, text: [], columns: {seed: number, loss: nats}}\n"
        "  history: {row: an epoch, replicate: seed, text: [], columns: {seed: number}}\n"
    )
    folder = tmp_path / "results/smoke/needle/tables"
    folder.mkdir(parents=True)
    (folder / "measures.csv").write_text("seed,accuracy\n")
    (folder / "paths.csv").write_text("seed\n")
    assert differences(tmp_path, "smoke") == [
        "needle history: not written",
        "needle paths: not registered",
        "needle measures: column accuracy is not registered",
        "needle measures: column loss is not written",
    ]
