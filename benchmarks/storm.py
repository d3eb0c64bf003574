"""Break a small run in every way that we know, give the same command again, and compare every bit.

    python benchmarks/storm.py --rounds 40 --seed 0

A round takes some results away, so that there is work to do, and disturbs the command that makes them again:
kills (of a job, of snakemake, of both, at a random moment or while a file is being written), TERM and INT to
snakemake alone, TERM to all and a kill some seconds later (as SLURM does at the time limit), a full disk.  Or
it damages one artefact.  Then the same command is given again.  A round is well if every artefact has the
bits of an undisturbed run, if nothing that was good had gone or changed after the disturbance either, if no
partial file and no process is left, and if damage and a full disk were told in one line that names the file.

Linux only; full disks need the right to mount a tmpfs, and are left out without it.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml

from anarch_snakemake.orphans import orphans

ROOT = Path(__file__).parents[1]
LEFT_OUT = (".git", ".venv", ".snakemake", "results", "__pycache__", ".*_cache", ".hypothesis")
RESULTS = "results/storm"
NEEDLE = f"{RESULTS}/needle"
CNN, EFCN = f"{NEEDLE}/runs/sgd/cnn-s0", f"{NEEDLE}/runs/sgd/efcn-t1-s0"
# What is taken away in a round, and so made again with what hangs on it.
WORK = (
    f"{RESULTS}/data/cluttered_digits/manifest.json",
    f"{CNN}/snapshots/epoch1.safetensors",
    f"{EFCN}/final.safetensors",
    f"{RESULTS}/blessing/tables/rings.csv",
    f"{NEEDLE}/figures/figA.png",
)
# Also what is taken away: Snakemake does not miss a file whose products are there.
TARGETS = (f"{NEEDLE}/tables/certificates/sgd-s0.csv", "blessing_fig8", "needle_figA", *WORK)
DISK = 64  # MB of the tmpfs that holds the results
MOST = 600.0  # seconds of one command


@dataclass(frozen=True)
class Site:
    """A copy of the checkout to break."""

    folder: Path
    draws: random.Random
    small_disk: bool

    def start(self) -> subprocess.Popen[str]:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        variables = {**os.environ, "PATH": path, "PYTHONPATH": str(self.folder), "OMP_NUM_THREADS": "1"}
        variables.pop("ANARCH_JOB_SERVER", None)
        return subprocess.Popen(
            ["snakemake", "--cores", "2", "--configfile", "config/storm.yaml", "--", *TARGETS],
            cwd=self.folder,
            env=variables,
            stdout=(self.folder / "said").open("w"),
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    def run(self) -> int:
        return self.start().wait(MOST)

    def said(self) -> str:
        return (self.folder / "said").read_text(errors="replace")

    def bits(self) -> dict[str, bytes]:
        """Every artefact, but not what only tells how a job went, and locks."""
        top = self.folder / RESULTS
        return {
            str(file.relative_to(self.folder)): file.read_bytes()
            for file in sorted(top.rglob("*"))
            if file.is_file()
            and file.name != ".lock"
            and file.relative_to(top).parts[0] not in ("logs", "timings")
        }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn in each round (default 0)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="storm-") as place:
        site = prepare(Path(place) / "anarch", random.Random(args.seed))
        try:
            ill = storm(site, args.rounds)
        finally:
            if site.small_disk:
                subprocess.run(["umount", "--lazy", site.folder / "results"], check=True)
    sys.exit(f"{ill} of {args.rounds} rounds went wrong" if ill else 0)


def prepare(folder: Path, draws: random.Random) -> Site:
    """A checkout whose trainings take some seconds, at the smoke scale else."""
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*LEFT_OUT))
    config = yaml.safe_load((folder / "config/smoke.yaml").read_text(encoding="utf-8"))
    config["scale"] = "storm"
    config["needle"]["protocols"]["sgd"]["cnn"] |= {"epochs": 12, "batch_size": 10, "lr": 0.02}
    config["blessing"]["rings"]["descent"]["steps"] = 1000
    (folder / "config/storm.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (folder / "results").mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK}m", "storm", folder / "results"], capture_output=True
    )
    return Site(folder, draws, mounted.returncode == 0)


def storm(site: Site, rounds: int) -> int:
    """Print a line per round and the tally; how many rounds went wrong."""
    began = time.monotonic()
    if site.run():
        sys.exit(f"the undisturbed run failed:\n{site.said()}")
    good = site.bits()
    print(f"undisturbed: {len(good)} artefacts in {time.monotonic() - began:.0f} s", flush=True)
    kinds = [kind for kind in KINDS if site.small_disk or kind is not full_disk]
    tally, ill = Counter[str](), Counter[str]()
    for number in range(1, rounds + 1):
        kind = site.draws.choices(kinds, [KINDS[kind] for kind in kinds])[0]
        began = time.monotonic()
        told, wrong = kind(site, good)
        wrong = [*wrong, *repaired(site, good)]
        tally[kind.__name__] += 1
        ill[kind.__name__] += bool(wrong)
        print(
            json.dumps({"round": number, "what": told, "s": round(time.monotonic() - began), "wrong": wrong}),
            flush=True,
        )
        if wrong:
            print(site.said(), flush=True)
    for name, times in sorted(tally.items()):
        print(f"{name}: {times} rounds, {times - ill[name]} well")
    return sum(ill.values())


def repaired(site: Site, good: dict[str, bytes]) -> list[str]:
    """What is wrong after the same command was given again; ``good``: the bits of an undisturbed run."""
    if status := site.run():
        return [f"the same command again ended with {status}"]
    found = site.bits()
    given_up = time.monotonic() + 20
    while (left := orphans(site.folder)) and time.monotonic() < given_up:
        time.sleep(0.1)
    return [
        *(f"{file} differs" for file in sorted(good.keys() & found.keys()) if found[file] != good[file]),
        *(f"{file} is gone" for file in sorted(good.keys() - found.keys())),
        *(f"{file} is left" for file in sorted(found.keys() - good.keys())),
        *(f"process {number} is left" for number in left),
        *(["a traceback"] if "Traceback" in site.said() else []),
    ]


def lost(site: Site, before: dict[str, bytes], good: dict[str, bytes]) -> list[str]:
    """Artefacts that were good before a disturbance and are not now; records may be on their way."""
    now = site.bits()
    files = (file for file, bits in before.items() if good.get(file) == bits and not file.endswith("/SHA256"))
    return [f"{file} was good and is lost" for file in files if now.get(file) != good[file]]


def begin(site: Site) -> tuple[subprocess.Popen[str], dict[str, bytes], str]:
    """Take results away and start the command: it, what was there, and what was taken."""
    taken = site.draws.sample(WORK, site.draws.randint(1, 3))
    for file in taken:
        (site.folder / file).unlink()
    before = site.bits()
    return site.start(), before, ", ".join(Path(file).name for file in taken)


def await_moment(site: Site, process: subprocess.Popen[str], condition: Callable[[], bool]) -> None:
    """A random time behind the first moment at which ``condition`` holds, or the end of the command."""
    while process.poll() is None and not condition():
        time.sleep(0.002)
    if process.poll() is None:
        time.sleep(site.draws.choice((0.0, site.draws.uniform(0, 0.05), site.draws.uniform(0, 8))))


def jobs(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """Processes that compute: those that the server of jobs has forked."""
    try:
        below = psutil.Process(process.pid).children()
        servers = [one for one in below if any("job_server" in word for word in one.cmdline())]
        return [job for server in servers for job in server.children()]
    except psutil.Error:
        return []


def writing(site: Site) -> bool:
    return any(site.folder.joinpath("results").rglob(".*.partial"))


def kill(site: Site, good: dict[str, bytes]) -> tuple[str, list[str]]:
    process, before, taken = begin(site)
    whom = site.draws.choice(("job", "snakemake", "all"))
    moment = site.draws.choice(("a job runs", "a file is written"))
    await_moment(site, process, lambda: bool(jobs(process)) if moment == "a job runs" else writing(site))
    hit = process.poll() is None
    if hit:
        below = psutil.Process(process.pid).children(recursive=True)
        victims = {"job": jobs(process)[:1], "snakemake": [psutil.Process(process.pid)]}
        for victim in victims.get(whom, [psutil.Process(process.pid), *below]):
            try:
                victim.kill()
            except psutil.NoSuchProcess:
                continue
    process.wait(MOST)
    told = f"kill of {whom} once {moment}{'' if hit else ' (too late)'}; without {taken}"
    return told, lost(site, before, good)


def stop(site: Site, good: dict[str, bytes]) -> tuple[str, list[str]]:
    process, before, taken = begin(site)
    number = site.draws.choice((signal.SIGTERM, signal.SIGINT))
    await_moment(site, process, lambda: bool(jobs(process)))
    hit = process.poll() is None
    process.send_signal(number)
    began = time.monotonic()
    process.wait(MOST)
    took = f"{time.monotonic() - began:.1f} s" if hit else "too late"
    told = f"{number.name} to snakemake, which ended after {took}; without {taken}"
    silent = hit and f"Stopping, by {number.name}" not in site.said()
    return told, [*lost(site, before, good), *(["nothing was said"] if silent else [])]


def time_limit(site: Site, good: dict[str, bytes]) -> tuple[str, list[str]]:
    process, before, taken = begin(site)
    await_moment(site, process, lambda: bool(jobs(process)))
    everybody = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    for send in (psutil.Process.terminate, psutil.Process.kill):
        for one in everybody:
            try:
                send(one)
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(everybody, timeout=30)  # SLURM's KillWait
    process.wait(MOST)
    return f"TERM to all, then a kill; without {taken}", lost(site, before, good)


def full_disk(site: Site, good: dict[str, bytes]) -> tuple[str, list[str]]:
    filler = site.folder / "results/filler"
    taken = site.draws.sample(WORK, 2)
    for file in taken:
        (site.folder / file).unlink()
    before = site.bits()
    room = site.draws.randrange(0, 100_000, 4096)
    with filler.open("wb") as file:
        free = shutil.disk_usage(filler.parent).free
        file.write(bytes(max(0, free - room)))
    status, said = site.run(), site.said()
    filler.unlink()
    untold = status != 0 and "the disk is full" not in said
    told = f"disk with {room} bytes of room; without {', '.join(Path(file).name for file in taken)}"
    return told, [*lost(site, before, good), *(["no line told of the full disk"] if untold else [])]


def damage(site: Site, good: dict[str, bytes]) -> tuple[str, list[str]]:
    kind = site.draws.choice(sorted({Path(file).suffix for file in good if Path(file).suffix}))
    name = site.draws.choice([file for file in good if file.endswith(kind)])
    how = site.draws.choice(("flip", "flip behind its time", "cut", "empty"))
    file = site.folder / name
    before = file.stat()
    content = bytearray(good[name])
    if how.startswith("flip"):
        content[site.draws.randrange(len(content))] ^= 1 << site.draws.randrange(8)
    file.write_bytes(
        {"cut": content[: site.draws.randrange(1, len(content))], "empty": b""}.get(how, content)
    )
    if how == "flip behind its time":
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    others = {other: bits for other, bits in site.bits().items() if other != name}
    if status := site.run():
        return f"{how} of {name}", [f"the command ended with {status}"]
    lines = [line for line in site.said().splitlines() if line.startswith(f"{name} is ")]
    told = [] if len(lines) == 1 else [f"{len(lines)} lines told of it"]
    return f"{how} of {name}", [*lost(site, others, good), *told]


Kind = Callable[[Site, dict[str, bytes]], tuple[str, list[str]]]
KINDS: dict[Kind, int] = {kill: 100, damage: 40, full_disk: 10, stop: 15, time_limit: 5}  # drawn so often


if __name__ == "__main__":
    main()
