"""Huang et al. 2019: poisoned minima, the basins around minima, and their volumes."""

from anarch.workflow import blessing
from anarch.workflow.lineage import architecture_module

BLESSING = config["blessing"]
SWISSROLL = BLESSING["swissroll"]
IMAGE_SETS = BLESSING["poisoned"]
BLESSING_SETS = ["swissroll", *IMAGE_SETS]
BLESSING_RUNS = f"results/{SCALE}/blessing/runs"
BLESSING_NETWORKS = {name: f"{BLESSING_RUNS}/{name}/{paths.NETWORKS}" for name in ("swissroll", "minefield")}
BLESSING_TOYS = {name: specs.canonical_json(blessing.toy(BLESSING, name)) for name in blessing.TOYS}
BLESSING_TOY_CODE = {
    name: combined(spec + LINEAGE.code(f"{name}.py")) for name, spec in BLESSING_TOYS.items()
}


# Digests of the scripts that read the swiss roll's networks, and of those that read runs on images.
SWISSROLL_CODE = {
    script: combined(LINEAGE.code(script, "shared.swissroll_minima") + BLESSING_TOY_CODE["swissroll"])
    for script in ("measure_basins.py", "slice_minima.py", "swissroll_boundaries.py")
}
IMAGE_CODE = {
    script: LINEAGE.measured(
        script,
        "blessing",
        [run for name in IMAGE_SETS for run in blessing.members(BLESSING, name)],
        "shared.image_minima",
    )
    for script in ("measure_basins.py", "slice_minima.py")
}
MEASURED_CODE = {script: combined(SWISSROLL_CODE[script] + IMAGE_CODE[script]) for script in IMAGE_CODE}


DIGESTS["blessing"] = {
    **{name: MEASURED_CODE["measure_basins.py"] for name in ("minima", "basins")},
    **{name: MEASURED_CODE["slice_minima.py"] for name in ("rays", "surface")},
    **{name: SWISSROLL_CODE["swissroll_boundaries.py"] for name in ("boundaries", "frames")},
    "nulls": combined(LINEAGE.code("pair_goods.py") + MEASURED_CODE["measure_basins.py"]),
    "minefield": combined(LINEAGE.code("map_minefield.py") + BLESSING_TOY_CODE["minefield"]),
    "rings": BLESSING_TOY_CODE["rings"],
    "history": LINEAGE.measured("collect_history.py", "blessing", RUNS["blessing"]),
    "sizes": combined(
        blessing.fitted(BLESSING)
        + LINEAGE.code(
            "sizes.py",
            *sorted(
                architecture_module(BLESSING["models"][method]["model"]["architecture"])
                for method in blessing.models(BLESSING)
            ),
        )
    ),
}
STACKED["blessing"] = {
    "history": [f"history/{batch}" for batch in blessing.batches(BLESSING)],
    **{
        name: [
            f"{name}/{chosen}-s{seed}"
            for chosen in BLESSING_SETS
            for seed in blessing.seeds_of(BLESSING, chosen)
        ]
        for name in ("minima", "basins")
    },
    **{name: [f"{name}/{chosen}" for chosen in BLESSING_SETS] for name in ("rays", "surface")},
}
KEPT["blessing"] = list(BLESSING_NETWORKS.values())


include: "blessing_tables.smk"


TRAINED["blessing"] = {
    "train": {"runs": any_of(RUNS["blessing"]), "mem_mb": 12000, "runtime": "24h"},
}


rule blessing_swissroll:
    output:
        BLESSING_NETWORKS["swissroll"],
    log:
        log_of("blessing/runs/swissroll"),
    conda:
        "../environment.yml"
    resources:
        gpu=1,
        mem_mb=4000,
        runtime="12h",
    params:
        spec=BLESSING_TOYS["swissroll"],
        code=BLESSING_TOY_CODE["swissroll"],
    shell:
        "python workflow_scripts/job.py {log} swissroll.py --spec {params.spec:q} --code {params.code}"
        " --threads {threads} --gpus {resources.gpu} --out {output}"


rule blessing_minefield_networks:
    output:
        BLESSING_NETWORKS["minefield"],
    log:
        log_of("blessing/runs/minefield"),
    conda:
        "../environment.yml"
    resources:
        gpu=1,
        mem_mb=4000,
        runtime="4h",
    params:
        spec=BLESSING_TOYS["minefield"],
        code=BLESSING_TOY_CODE["minefield"],
    shell:
        "python workflow_scripts/job.py {log} minefield.py --spec {params.spec:q} --code {params.code}"
        " --threads {threads} --gpus {resources.gpu} --out {output}"


rule blessing_minefield:
    input:
        BLESSING_NETWORKS["minefield"],
    output:
        table("blessing", "minefield"),
    log:
        log_of("blessing/minefield"),
    conda:
        "../environment.yml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=BLESSING_TOYS["minefield"],
        code=DIGESTS["blessing"]["minefield"],
    shell:
        "python workflow_scripts/job.py {log} map_minefield.py --networks {input} --spec {params.spec:q}"
        " --threads {threads} --gpus 0 --out {output}"


rule blessing_rings:
    output:
        table("blessing", "rings"),
    log:
        log_of("blessing/rings"),
    conda:
        "../environment.yml"
    resources:
        gpu=1,
        mem_mb=4000,
        runtime="2h",
    params:
        spec=BLESSING_TOYS["rings"],
        states=lambda w: f"{BLESSING_RUNS}/rings",
        code=DIGESTS["blessing"]["rings"],
    shell:
        "python workflow_scripts/job.py {log} rings.py --spec {params.spec:q} --code {params.code} --states {params.states}"
        " --threads {threads} --gpus {resources.gpu} --out {output}"
