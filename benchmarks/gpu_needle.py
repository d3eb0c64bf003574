"""The SGD protocol of needle at the paper scale, seed after seed until the time is over.

By the ordinary rules where Snakemake is installed, else by the same scripts in the same folders, so that the
rules go on from there elsewhere.  Either way the next call goes on where this one ended.  Real CIFAR-10 lies
below ANARCH_DATA_ROOT.  What is worth taking home is copied to --out: tables, histories, figures, no weights.
"""

import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml
from gpu import wait_or_end

from anarch.workflow import needle, paths, subsets
from anarch.workflow.lineage import Lineage
from anarch.workflow.specs import RunSpec, canonical_json, plain

ROOT = Path(__file__).parents[1]
GOING_HOME = (".csv", ".json", ".png", ".svg", ".tsv", ".log")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--configfile", type=Path, default=ROOT / "config" / "paper.yaml")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--jobs", type=int, default=4, help="that share the GPU")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    os.chdir(ROOT)
    os.environ |= {"ANARCH_JOBS_PER_GPU": str(args.jobs), "PYTHONPATH": str(ROOT)}
    args.out.mkdir(parents=True, exist_ok=True)
    config, deadline = yaml.safe_load(args.configfile.read_text()), time.monotonic() + 60 * args.minutes
    way = by_rules if importlib.util.find_spec("snakemake") else by_scripts
    for count in range(1, args.seeds + 1):
        began = time.monotonic()
        done = way(of_seeds(config, count), args, deadline)
        print(
            f"seed {count - 1}: {'done' if done else 'not done'} after {time.monotonic() - began:.0f} s",
            flush=True,
        )
        take_home(config["scale"], args.out)
        if not done:
            break


def of_seeds(config: dict[str, Any], count: int) -> dict[str, Any]:
    """``config`` with so many seeds of the SGD protocol, and of the others those that it has."""
    sgd = {**config["needle"]["protocols"]["sgd"], "seeds": list(range(count))}
    protocols = {**config["needle"]["protocols"], "sgd": sgd}
    return {**config, "needle": {**config["needle"], "protocols": protocols}}


def by_rules(config: dict[str, Any], args: argparse.Namespace, deadline: float) -> bool:
    """Tables of all seeds of ``config``, by Snakemake, which a TERM ends within seconds."""
    file = args.out / "config.yaml"
    file.write_text(yaml.safe_dump(config))
    seeds = config["needle"]["protocols"]["sgd"]["seeds"]
    parts = [
        f"{name}/sgd-s{seed}" for name in ("measures", "certificates", "interpolation") for seed in seeds
    ]
    targets = [paths.table(config["scale"], "needle", part) for part in parts]
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "--cores",
        str(2 * args.jobs),
        "--resources",
        f"gpu={args.jobs}",
    ]
    return ended_well([*command, "--configfile", str(file), "--", *targets], deadline)


def by_scripts(config: dict[str, Any], args: argparse.Namespace, deadline: float) -> bool:
    """Runs and measures of the last seed of ``config``, several at a time, each after what it starts from."""
    scale, section = config["scale"], config["needle"]
    seed = section["protocols"]["sgd"]["seeds"][-1]
    runs = subsets.own_images(config["datasets"], needle.runs(section))
    lineage, names = Lineage(ROOT, config["datasets"], {"needle": runs}), needle.members(section, "sgd", seed)
    dataset = runs[names[0]].dataset
    data = paths.dataset_folder(scale, dataset)
    spec = json.dumps(plain(subsets.data_spec(config["datasets"], dataset)))
    prepared = Path(data, paths.MANIFEST).exists() or ended_well(
        script("prepare_data.py", spec=spec, out=data), deadline
    )
    folder = f"results/{scale}/needle/runs"

    def train(name: str) -> bool:
        spec: RunSpec = runs[name]
        options = {"spec": canonical_json(spec), "code": lineage.trained("needle", name), "data": data}
        if spec.start:
            options["start"] = f"{folder}/{spec.start.run}/{paths.weights_name(spec.start.epoch)}"
        return ended_well(script("train.py", **options, out=f"{folder}/{name}"), deadline)

    first = needle.cnn("sgd", seed)
    if not (prepared and train(first)):
        return False
    with ThreadPoolExecutor(args.jobs) as pool:
        if not all(pool.map(train, [name for name in names if name != first])):
            return False
    hessian = section["hessian"]
    table = paths.table(scale, "needle", f"measures/sgd-s{seed}")
    Path(table).parent.mkdir(parents=True, exist_ok=True)
    measured = {"hessian-images": hessian["images"], "hessian-tolerance": hessian["tolerance"], "data": data}
    command = script("measure.py", runs=folder, **measured, out=table)
    return Path(table).exists() or ended_well([*command, "--names", *names], deadline)


def script(name: str, **options: object) -> list[str]:
    given = [part for key, value in options.items() for part in (f"--{key}", str(value))]
    return [sys.executable, f"workflow_scripts/{name}", *given]


def ended_well(command: Sequence[str], deadline: float) -> bool:
    """Run a command; at the deadline it is told to save what it has and to end."""
    process = subprocess.Popen(command)
    return wait_or_end(process, deadline - time.monotonic(), process.send_signal) == 0


def take_home(scale: str, out: Path) -> None:
    for file in Path(f"results/{scale}").rglob("*"):
        if file.suffix in GOING_HOME and file.is_file() and ".resume-" not in str(file):
            target = out / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


if __name__ == "__main__":
    main()
