"""The script: tables in, claims.csv out."""

import pandas as pd
import pytest
import yaml
from planted import row

from anarch.claims.verdicts import COLUMNS
from judge import main
from shared.artefacts import write_csv

SIDES = {
    name: {"table": "measures", "where": f"model == '{model}'", "value": "test_accuracy"}
    for name, model in (("left", "eFCN"), ("right", "FCN"))
}


@pytest.fixture
def folder(tmp_path):
    claims = [
        row(**SIDES),
        row(**SIDES | {"id": "scratch.other", "left": {"table": "results", "value": "gap"}, "right": None}),
    ]
    (tmp_path / "claims.yaml").write_text(yaml.safe_dump(claims))
    rows = [
        {"model": model, "seed": seed, "test_accuracy": accuracy + step * seed}
        for model, accuracy, step in (("eFCN", 0.7, 0.01), ("FCN", 0.5, 0.011))
        for seed in range(3)
    ]
    table = tmp_path / "needle/tables/measures.csv"
    table.parent.mkdir(parents=True)
    pd.DataFrame(rows).to_csv(table, index=False)
    return tmp_path


def run(folder, *tables):
    out = folder / "report/claims.csv"
    arguments = ["--scale", "laptop", "--claims", str(folder / "claims.yaml"), "--out", str(out)]
    arguments += ["--looks", "3", "5"]
    main([*arguments, "--tables", *map(str, tables)])
    return pd.read_csv(out)


def test_one_row_a_claim_in_their_order(folder, capsys):
    found = run(folder, folder / "needle/tables/measures.csv")
    assert list(found.id) == ["needle.planted", "scratch.other"] and list(found.columns) == list(COLUMNS)
    assert list(found.paper) == ["dascoli2019", "neyshabur2020"]
    first, second = found.to_dict("records")
    assert first["verdict"] == "reproduced" and first["value"] == pytest.approx(0.199)
    assert (
        second["verdict"] == "not_judged"
        and second["reason"] == "Not judged: this scale has no table results."
    )
    assert capsys.readouterr().out == "1 reproduced, 0 not reproduced, 0 inconclusive, 1 not judged\n"


def test_the_same_tables_give_the_same_bytes(folder):
    run(folder, folder / "needle/tables/measures.csv")
    before = (folder / "report/claims.csv").read_bytes()
    run(folder, folder / "needle/tables/measures.csv")
    assert (folder / "report/claims.csv").read_bytes() == before


def test_without_tables_and_with_one_without_rows_nothing_is_judged(folder):
    assert set(run(folder).verdict) == {"not_judged"}
    write_csv(folder / "needle/tables/measures.csv", [])
    assert set(run(folder, folder / "needle/tables/measures.csv").verdict) == {"not_judged"}


@pytest.mark.parametrize(("table", "wrong"), [(b"", "is empty"), (b"a,b\n1,2,3,4\n\xff", "is damaged")])
def test_a_table_that_is_none_is_named(folder, table, wrong):
    (folder / "needle/tables/measures.csv").write_bytes(table)
    with pytest.raises(SystemExit, match=rf"measures\.csv {wrong}.*; make it again: snakemake"):
        run(folder, folder / "needle/tables/measures.csv")
