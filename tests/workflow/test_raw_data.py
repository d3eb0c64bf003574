"""Raw data that the user has to bring are missed before any job."""

from pathlib import Path

from checkout import Checkout

from anarch.workflow import raw_data
from anarch.workflow.specs import DataSpec, parse

ROOT = Path(__file__).parents[2]
CIFAR100 = "results/cifar/data/cifar100/manifest.json"  # of an .npz file, in config/cifar.yaml


def test_raw_data_that_no_download_brings(tmp_path):
    def lacks(**options: object) -> str | None:
        return raw_data.missing(parse(DataSpec, options), tmp_path, ROOT)

    file = tmp_path / "mine.npz"
    told = lacks(source="npz", path="mine.npz")
    assert told.startswith(f"npz: found no file {file}; `download: true` cannot help") and "\n" not in told
    file.write_bytes(b"whatever it holds is for the job to say")
    assert lacks(source="npz", path="mine.npz") is None
    assert lacks(source="cinic10").startswith(f"cinic10: found no folder train in {tmp_path / 'CINIC-10'}")
    (tmp_path / "imagenet" / "train").mkdir(parents=True)
    assert "found no folder val" in lacks(source="restricted_imagenet")
    assert lacks(source="cifar10") is None and lacks(source="digits") is None


def test_a_run_ends_before_its_first_job_and_a_dry_run_warns(tmp_path, monkeypatch):
    monkeypatch.setenv("ANARCH_DATA_ROOT", str(tmp_path / "images"))
    checkout = Checkout.copy(tmp_path / "copy")
    command = ("snakemake", "--cores", "1", "--configfile", "config/cifar.yaml", "--", CIFAR100)
    says = f"config key datasets.cifar100: npz: found no file {tmp_path / 'images' / 'cifar100_12k.npz'}"
    lines = checkout.run(*command, fails=True).splitlines()
    assert lines[-1].startswith(f"error: {says}") and not any("rule prepare_data" in line for line in lines)
    planned = checkout.run(command[0], "-n", *command[1:])
    assert says in planned and "prepare_data" in planned
