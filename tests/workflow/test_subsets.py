"""Seeds that draw their own training images: which dataset a run sees, and what is in it."""

from pathlib import Path

import pytest
import yaml

from anarch.workflow.config import validated
from anarch.workflow.specs import DataSpec
from anarch.workflow.subsets import data_spec, dataset_of, named

ROOT = Path(__file__).parents[2]
DATASETS = {
    "own": {"source": "cifar10", "train": 100, "subset": "by_seed"},
    "same": {"source": "cifar10", "train": 100, "subset": "shared"},
}


@pytest.mark.parametrize(("name", "prepared", "draw"), [("own", "own-s3", 3), ("same", "same", 0)])
def test_a_seed_sees_its_own_images_where_the_config_says_so(name, prepared, draw):
    assert dataset_of(DATASETS, name, 3) == prepared and named(prepared) == name
    assert data_spec(DATASETS, prepared) == DataSpec(source="cifar10", train=100, draw=draw)


@pytest.mark.parametrize("scale", ["config", "smoke", "cifar"])
def test_runs_of_one_seed_share_their_images_and_those_of_two_seeds_do_not(scale):
    config = yaml.safe_load((ROOT / f"config/{scale}.yaml").read_text())
    own = {name for name, options in config["datasets"].items() if options.get("subset") == "by_seed"}
    assert own
    for runs in validated(config, ROOT).values():
        for spec in runs.values():
            assert spec.dataset == (
                f"{named(spec.dataset)}-s{spec.seed}" if named(spec.dataset) in own else named(spec.dataset)
            )
            # A run that goes on where another ended has that one's images.
            assert spec.start is None or runs[spec.start.run].dataset == spec.dataset
