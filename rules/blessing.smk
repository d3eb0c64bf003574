"""Huang et al. 2019: poisoned minima, the basins around minima, and their volumes."""

SWISSROLL = BLESSING["swissroll"]
IMAGE_SETS = BLESSING["poisoned"]
BLESSING_SETS = ["swissroll", *IMAGE_SETS]
BLESSING_RUNS = f"results/{SCALE}/blessing/runs"
BLESSING_NETWORKS = {
    name: f"{BLESSING_RUNS}/{name}/{paths.NETWORKS}"
    for name in ("swissroll", "minefield")
}
BLESSING_TOYS = {
    name: specs.canonical_json(blessing.toy(BLESSING, name)) for name in blessing.TOYS
}
BLESSING_TOY_CODE = {
    name: digests.text_digest(spec + code(f"{name}.py"))
    for name, spec in BLESSING_TOYS.items()
}
BLESSING_TABLES = [
    "minima",
    "basins",
    "rays",
    "surface",
    "boundaries",
    "frames",
    "minefield",
    "rings",
    "history",
    "sizes",
]


# Digests of the scripts that read the swiss roll's networks, and of those that read runs on images.
SWISSROLL_CODE = {
    script: digests.text_digest(
        code(script, "swissroll_minima") + BLESSING_TOY_CODE["swissroll"]
    )
    for script in ("measure_basins.py", "slice_minima.py", "swissroll_boundaries.py")
}
IMAGE_CODE = {
    script: measuring_code(
        script,
        "blessing",
        [run for name in IMAGE_SETS for run in blessing.members(BLESSING, name)],
        "image_minima",
    )
    for script in ("measure_basins.py", "slice_minima.py")
}
MEASURED_CODE = {
    script: digests.text_digest(SWISSROLL_CODE[script] + IMAGE_CODE[script])
    for script in IMAGE_CODE
}


MADE_BY["blessing"] = {
    **{name: MEASURED_CODE["measure_basins.py"] for name in ("minima", "basins")},
    **{name: MEASURED_CODE["slice_minima.py"] for name in ("rays", "surface")},
    **{
        name: SWISSROLL_CODE["swissroll_boundaries.py"]
        for name in ("boundaries", "frames")
    },
    "minefield": digests.text_digest(
        code("map_minefield.py") + BLESSING_TOY_CODE["minefield"]
    ),
    "rings": BLESSING_TOY_CODE["rings"],
    "history": measuring_code("collect_history.py", "blessing", RUNS["blessing"]),
    "sizes": digests.text_digest(
        blessing.fitted(BLESSING)
        + code(
            "sizes.py",
            *sorted(
                f"anarch.models.{BLESSING['models'][method]['model']['architecture']}"
                for method in blessing.models(BLESSING)
            ),
        )
    ),
}


use rule train as blessing_train with:
    output:
        **paths.run_files(SCALE, "{study}", "{run}"),
    wildcard_constraints:
        study="blessing",
        run=any_of(RUNS["blessing"]),
    resources:
        gpu=1,
        mem_mb=12000,
        runtime="24h",


rule blessing_swissroll:
    output:
        BLESSING_NETWORKS["swissroll"],
    log:
        log_of("blessing/runs/swissroll"),
    benchmark:
        timing_of("blessing/runs/swissroll")
    conda:
        "../environment.yml"
    threads: 1
    resources:
        gpu=1,
        mem_mb=4000,
        runtime="12h",
    params:
        spec=BLESSING_TOYS["swissroll"],
        code=BLESSING_TOY_CODE["swissroll"],
    shell:
        "python workflow_scripts/swissroll.py --spec {params.spec:q} --code {params.code}"
        " --threads {threads} --gpus {resources.gpu} --out {output} > {log} 2>&1"


rule blessing_minefield_networks:
    output:
        BLESSING_NETWORKS["minefield"],
    log:
        log_of("blessing/runs/minefield"),
    benchmark:
        timing_of("blessing/runs/minefield")
    conda:
        "../environment.yml"
    threads: 1
    resources:
        gpu=1,
        mem_mb=4000,
        runtime="4h",
    params:
        spec=BLESSING_TOYS["minefield"],
        code=BLESSING_TOY_CODE["minefield"],
    shell:
        "python workflow_scripts/minefield.py --spec {params.spec:q} --code {params.code}"
        " --threads {threads} --gpus {resources.gpu} --out {output} > {log} 2>&1"


rule blessing_minefield:
    input:
        BLESSING_NETWORKS["minefield"],
    output:
        table("blessing", "minefield"),
    log:
        log_of("blessing/minefield"),
    benchmark:
        timing_of("blessing/minefield")
    conda:
        "../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=BLESSING_TOYS["minefield"],
        code=MADE_BY["blessing"]["minefield"],
    shell:
        "python workflow_scripts/map_minefield.py --networks {input} --spec {params.spec:q}"
        " --threads {threads} --gpus 0 --out {output} > {log} 2>&1"


rule blessing_rings:
    output:
        table("blessing", "rings"),
    log:
        log_of("blessing/rings"),
    benchmark:
        timing_of("blessing/rings")
    conda:
        "../environment.yml"
    threads: 1
    resources:
        gpu=1,
        mem_mb=4000,
        runtime="2h",
    params:
        spec=BLESSING_TOYS["rings"],
        states=lambda w: f"{BLESSING_RUNS}/rings",
        code=MADE_BY["blessing"]["rings"],
    shell:
        "python workflow_scripts/rings.py --spec {params.spec:q} --code {params.code} --states {params.states}"
        " --threads {threads} --gpus {resources.gpu} --out {output} > {log} 2>&1"


rule blessing_measure_swissroll:
    input:
        BLESSING_NETWORKS["swissroll"],
    output:
        minima=table("blessing", "minima/swissroll-s{seed}"),
        basins=table("blessing", "basins/swissroll-s{seed}"),
    log:
        log_of("blessing/basins/swissroll-s{seed}"),
    benchmark:
        timing_of("blessing/basins/swissroll-s{seed}")
    conda:
        "../environment.yml"
    threads: 1
    resources:
        gpu=1,
        mem_mb=4000,
        runtime="2h",
    params:
        spec=BLESSING_TOYS["swissroll"],
        columns=blessing.columns(BLESSING, "swissroll"),
        basins=SWISSROLL["basins"],
        code=SWISSROLL_CODE["measure_basins.py"],
    shell:
        "python workflow_scripts/measure_basins.py --source swissroll_minima --networks {input} --spec {params.spec:q}"
        " --seeds {wildcards.seed} --column {params.columns:q} --cutoffs {params.basins[cutoffs]}"
        " --main {params.basins[main]} --directions {params.basins[directions]} --points {params.basins[points]}"
        " --tolerance {params.basins[tolerance]} --threads {threads} --gpus {resources.gpu}"
        " --minima {output.minima} --basins {output.basins} > {log} 2>&1"


rule blessing_measure_images:
    input:
        unpack(lambda w: data_files(IMAGE_SETS[w.set]["dataset"])),
        finals=lambda w: finals(
            "blessing", blessing.members(BLESSING, w.set, [int(w.seed)])
        ),
    output:
        minima=table("blessing", "minima/{set}-s{seed}"),
        basins=table("blessing", "basins/{set}-s{seed}"),
    log:
        log_of("blessing/basins/{set}-s{seed}"),
    benchmark:
        timing_of("blessing/basins/{set}-s{seed}")
    wildcard_constraints:
        set=any_of(IMAGE_SETS),
    conda:
        "../environment.yml"
    threads: 1
    resources:
        gpu=1,
        mem_mb=12000,
        runtime="12h",
    params:
        runs=lambda w: BLESSING_RUNS,
        names=lambda w: blessing.members(BLESSING, w.set, [int(w.seed)]),
        columns=lambda w: blessing.columns(BLESSING, w.set),
        basins=lambda w: IMAGE_SETS[w.set]["basins"],
        code=lambda w: measuring_code(
            "measure_basins.py",
            "blessing",
            blessing.members(BLESSING, w.set, [int(w.seed)]),
            "image_minima",
        ),
    shell:
        "python workflow_scripts/measure_basins.py --source image_minima --runs {params.runs} --names {params.names}"
        " --data $(dirname {input.manifest}) --column {params.columns:q} --cutoffs {params.basins[cutoffs]}"
        " --main {params.basins[main]} --directions {params.basins[directions]} --points {params.basins[points]}"
        " --tolerance {params.basins[tolerance]} --threads {threads} --gpus {resources.gpu}"
        " --minima {output.minima} --basins {output.basins} > {log} 2>&1"


rule blessing_slice_swissroll:
    input:
        BLESSING_NETWORKS["swissroll"],
    output:
        rays=table("blessing", "rays/swissroll"),
        surface=table("blessing", "surface/swissroll"),
    log:
        log_of("blessing/slices/swissroll"),
    benchmark:
        timing_of("blessing/slices/swissroll")
    conda:
        "../environment.yml"
    threads: 1
    resources:
        gpu=1,
        mem_mb=4000,
        runtime=30,
    params:
        spec=BLESSING_TOYS["swissroll"],
        seed=blessing.seeds_of(BLESSING, "swissroll")[0],
        basins=SWISSROLL["basins"],
        slices=SWISSROLL["slices"],
        code=SWISSROLL_CODE["slice_minima.py"],
    shell:
        "python workflow_scripts/slice_minima.py --source swissroll_minima --networks {input} --spec {params.spec:q}"
        " --seeds {params.seed} --points {params.basins[points]} --cutoff {params.basins[main]}"
        " --rays-number {params.slices[rays]} --steps {params.slices[steps]} --plane {params.slices[plane]}"
        " --threads {threads} --gpus {resources.gpu} --rays {output.rays} --surface {output.surface} > {log} 2>&1"


rule blessing_slice_images:
    input:
        unpack(lambda w: data_files(IMAGE_SETS[w.set]["dataset"])),
        finals=lambda w: finals(
            "blessing",
            blessing.members(BLESSING, w.set, IMAGE_SETS[w.set]["seeds"][:1]),
        ),
    output:
        rays=table("blessing", "rays/{set}"),
        surface=table("blessing", "surface/{set}"),
    log:
        log_of("blessing/slices/{set}"),
    benchmark:
        timing_of("blessing/slices/{set}")
    wildcard_constraints:
        set=any_of(IMAGE_SETS),
    conda:
        "../environment.yml"
    threads: 1
    resources:
        gpu=1,
        mem_mb=12000,
        runtime="4h",
    params:
        runs=lambda w: BLESSING_RUNS,
        names=lambda w: blessing.members(
            BLESSING, w.set, IMAGE_SETS[w.set]["seeds"][:1]
        ),
        basins=lambda w: IMAGE_SETS[w.set]["basins"],
        slices=lambda w: IMAGE_SETS[w.set]["slices"],
        code=lambda w: measuring_code(
            "slice_minima.py",
            "blessing",
            blessing.members(BLESSING, w.set, IMAGE_SETS[w.set]["seeds"][:1]),
            "image_minima",
        ),
    shell:
        "python workflow_scripts/slice_minima.py --source image_minima --runs {params.runs} --names {params.names}"
        " --data $(dirname {input.manifest}) --points {params.basins[points]} --cutoff {params.basins[main]}"
        " --rays-number {params.slices[rays]} --steps {params.slices[steps]} --plane {params.slices[plane]}"
        " --threads {threads} --gpus {resources.gpu} --rays {output.rays} --surface {output.surface} > {log} 2>&1"


rule blessing_boundaries:
    input:
        BLESSING_NETWORKS["swissroll"],
    output:
        boundaries=table("blessing", "boundaries"),
        frames=table("blessing", "frames"),
    log:
        log_of("blessing/boundaries"),
    benchmark:
        timing_of("blessing/boundaries")
    conda:
        "../environment.yml"
    threads: 1
    resources:
        gpu=1,
        mem_mb=4000,
        runtime=30,
    params:
        spec=BLESSING_TOYS["swissroll"],
        seed=blessing.seeds_of(BLESSING, "swissroll")[0],
        shown=SWISSROLL["boundaries"],
        code=MADE_BY["blessing"]["boundaries"],
    shell:
        "python workflow_scripts/swissroll_boundaries.py --networks {input} --spec {params.spec:q} --seeds {params.seed}"
        " --grid {params.shown[grid]} --frames {params.shown[frames]} --frame-grid {params.shown[frame_grid]}"
        " --size {params.shown[size]} --threads {threads} --gpus {resources.gpu}"
        " --boundaries {output.boundaries} --perturbed {output.frames} > {log} 2>&1"


rule blessing_sizes:
    input:
        **data_files(BLESSING["models"]["dataset"]),
    output:
        table("blessing", "sizes"),
    log:
        log_of("blessing/sizes"),
    benchmark:
        timing_of("blessing/sizes")
    conda:
        "../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        models=blessing.fitted(BLESSING),
        labels=blessing.fitted_labels(BLESSING),
        columns=f"dataset={BLESSING['models']['dataset']}",
        code=MADE_BY["blessing"]["sizes"],
    shell:
        "python workflow_scripts/sizes.py --models {params.models:q} --data $(dirname {input.manifest})"
        " --label {params.labels:q} --column {params.columns:q}"
        " --threads {threads} --gpus 0 --out {output} > {log} 2>&1"


use rule collect_history as blessing_history_of_batch with:
    input:
        lambda w: histories("blessing", blessing.batch_runs(BLESSING, w.batch)),
    output:
        table("blessing", "history/{batch}"),
    log:
        log_of("blessing/history/{batch}"),
    benchmark:
        timing_of("blessing/history/{batch}")
    wildcard_constraints:
        batch=any_of(blessing.batches(BLESSING)),
    params:
        study="blessing",
        runs=lambda w: BLESSING_RUNS,
        names=lambda w: blessing.batch_runs(BLESSING, w.batch),
        columns=lambda w: blessing.batch_columns(BLESSING, w.batch),
        code=lambda w: measuring_code(
            "collect_history.py", "blessing", blessing.batch_runs(BLESSING, w.batch)
        ),


use rule stack as blessing_history with:
    input:
        [table("blessing", f"history/{batch}") for batch in blessing.batches(BLESSING)],
    output:
        table("blessing", "history"),
    log:
        log_of("blessing/history"),
    benchmark:
        timing_of("blessing/history")
    params:
        code=stacking_code("blessing", "history"),


use rule stack as blessing_measures with:
    input:
        lambda w: [
            table("blessing", f"{w.name}/{name}-s{seed}")
            for name in BLESSING_SETS
            for seed in blessing.seeds_of(BLESSING, name)
        ],
    output:
        table("blessing", "{name}"),
    log:
        log_of("blessing/{name}"),
    benchmark:
        timing_of("blessing/{name}")
    wildcard_constraints:
        name="minima|basins",
    params:
        code=lambda w: stacking_code("blessing", w.name),


use rule stack as blessing_slices with:
    input:
        lambda w: [table("blessing", f"{w.name}/{name}") for name in BLESSING_SETS],
    output:
        table("blessing", "{name}"),
    log:
        log_of("blessing/{name}"),
    benchmark:
        timing_of("blessing/{name}")
    wildcard_constraints:
        name="rays|surface",
    params:
        code=lambda w: stacking_code("blessing", w.name),
