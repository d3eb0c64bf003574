"""What is measured of the minima of Huang et al. 2019; blessing.smk makes them."""


rule blessing_measure_swissroll:
    input:
        BLESSING_NETWORKS["swissroll"],
    output:
        minima=table("blessing", "minima/swissroll-s{seed}"),
        basins=table("blessing", "basins/swissroll-s{seed}"),
    log:
        log_of("blessing/basins/swissroll-s{seed}"),
    conda:
        "../environment.yml"
    resources:
        gpu=1,
        mem_mb=4000,
        runtime="2h",
    params:
        spec=BLESSING_TOYS["swissroll"],
        columns=blessing.columns(BLESSING, "swissroll"),
        basins=specs.canonical(SWISSROLL["basins"]),
        code=SWISSROLL_CODE["measure_basins.py"],
    shell:
        "python workflow_scripts/job.py {log} measure_basins.py --source swissroll_minima --networks {input} --spec {params.spec:q}"
        " --seeds {wildcards.seed} --column {params.columns:q} --how {params.basins:q} --threads {threads} --gpus {resources.gpu}"
        " --minima {output.minima} --basins {output.basins}"


rule blessing_measure_images:
    input:
        unpack(lambda w: data_of_seed(IMAGE_SETS[w.set]["dataset"], w.seed)),
        finals=lambda w: finals("blessing", blessing.members(BLESSING, w.set, [int(w.seed)])),
    output:
        minima=table("blessing", "minima/{set}-s{seed}"),
        basins=table("blessing", "basins/{set}-s{seed}"),
    log:
        log_of("blessing/basins/{set}-s{seed}"),
    wildcard_constraints:
        set=any_of(IMAGE_SETS),
    conda:
        "../environment.yml"
    resources:
        gpu=1,
        mem_mb=12000,
        runtime="12h",
    params:
        runs=lambda w: BLESSING_RUNS,
        names=lambda w: blessing.members(BLESSING, w.set, [int(w.seed)]),
        columns=lambda w: blessing.columns(BLESSING, w.set),
        basins=lambda w: specs.canonical(IMAGE_SETS[w.set]["basins"]),
        code=lambda w: LINEAGE.measured(
            "measure_basins.py",
            "blessing",
            blessing.members(BLESSING, w.set, [int(w.seed)]),
            "shared.image_minima",
        ),
    shell:
        "python workflow_scripts/job.py {log} measure_basins.py --source image_minima --runs {params.runs} --names {params.names}"
        " --data $(dirname {input.manifest}) --column {params.columns:q} --how {params.basins:q} --threads {threads} --gpus {resources.gpu}"
        " --minima {output.minima} --basins {output.basins}"


rule blessing_nulls:
    input:
        table("blessing", "basins"),
    output:
        table("blessing", "nulls"),
    log:
        log_of("blessing/nulls"),
    conda:
        "../environment.yml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=DIGESTS["blessing"]["nulls"],
    shell:
        "python workflow_scripts/job.py {log} pair_goods.py --basins {input} --out {output}"


rule blessing_slice_swissroll:
    input:
        BLESSING_NETWORKS["swissroll"],
    output:
        rays=table("blessing", "rays/swissroll"),
        surface=table("blessing", "surface/swissroll"),
    log:
        log_of("blessing/slices/swissroll"),
    conda:
        "../environment.yml"
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
        "python workflow_scripts/job.py {log} slice_minima.py --source swissroll_minima --networks {input} --spec {params.spec:q}"
        " --seeds {params.seed} --points {params.basins[points]} --cutoff {params.basins[main]}"
        " --rays-number {params.slices[rays]} --steps {params.slices[steps]} --plane {params.slices[plane]}"
        " --threads {threads} --gpus {resources.gpu} --rays {output.rays} --surface {output.surface}"


rule blessing_slice_images:
    input:
        unpack(lambda w: data_of_seed(IMAGE_SETS[w.set]["dataset"], IMAGE_SETS[w.set]["seeds"][0])),
        finals=lambda w: finals(
            "blessing",
            blessing.members(BLESSING, w.set, IMAGE_SETS[w.set]["seeds"][:1]),
        ),
    output:
        rays=table("blessing", "rays/{set}"),
        surface=table("blessing", "surface/{set}"),
    log:
        log_of("blessing/slices/{set}"),
    wildcard_constraints:
        set=any_of(IMAGE_SETS),
    conda:
        "../environment.yml"
    resources:
        gpu=1,
        mem_mb=12000,
        runtime="4h",
    params:
        runs=lambda w: BLESSING_RUNS,
        names=lambda w: blessing.members(BLESSING, w.set, IMAGE_SETS[w.set]["seeds"][:1]),
        basins=lambda w: IMAGE_SETS[w.set]["basins"],
        slices=lambda w: IMAGE_SETS[w.set]["slices"],
        code=lambda w: LINEAGE.measured(
            "slice_minima.py",
            "blessing",
            blessing.members(BLESSING, w.set, IMAGE_SETS[w.set]["seeds"][:1]),
            "shared.image_minima",
        ),
    shell:
        "python workflow_scripts/job.py {log} slice_minima.py --source image_minima --runs {params.runs} --names {params.names}"
        " --data $(dirname {input.manifest}) --points {params.basins[points]} --cutoff {params.basins[main]}"
        " --rays-number {params.slices[rays]} --steps {params.slices[steps]} --plane {params.slices[plane]}"
        " --threads {threads} --gpus {resources.gpu} --rays {output.rays} --surface {output.surface}"


rule blessing_boundaries:
    input:
        BLESSING_NETWORKS["swissroll"],
    output:
        boundaries=table("blessing", "boundaries"),
        frames=table("blessing", "frames"),
    log:
        log_of("blessing/boundaries"),
    conda:
        "../environment.yml"
    resources:
        gpu=1,
        mem_mb=4000,
        runtime=30,
    params:
        spec=BLESSING_TOYS["swissroll"],
        seed=blessing.seeds_of(BLESSING, "swissroll")[0],
        shown=SWISSROLL["boundaries"],
        code=DIGESTS["blessing"]["boundaries"],
    shell:
        "python workflow_scripts/job.py {log} swissroll_boundaries.py --networks {input} --spec {params.spec:q} --seeds {params.seed}"
        " --grid {params.shown[grid]} --frames {params.shown[frames]} --frame-grid {params.shown[frame_grid]}"
        " --size {params.shown[size]} --threads {threads} --gpus {resources.gpu}"
        " --boundaries {output.boundaries} --perturbed {output.frames}"


rule blessing_sizes:
    input:
        **data_of_seed(BLESSING["models"]["dataset"], BLESSING["models"]["seeds"][0]),
    output:
        table("blessing", "sizes"),
    log:
        log_of("blessing/sizes"),
    conda:
        "../environment.yml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        models=blessing.fitted(BLESSING),
        labels=blessing.fitted_labels(BLESSING),
        columns=f"dataset={BLESSING['models']['dataset']}",
        code=DIGESTS["blessing"]["sizes"],
    shell:
        "python workflow_scripts/job.py {log} sizes.py --models {params.models:q} --data $(dirname {input.manifest})"
        " --label {params.labels:q} --column {params.columns:q}"
        " --threads {threads} --gpus 0 --out {output}"


use rule collect_history as blessing_history_of_batch with:
    input:
        lambda w: histories("blessing", blessing.batch_runs(BLESSING, w.batch)),
    output:
        table("blessing", "history/{batch}"),
    log:
        log_of("blessing/history/{batch}"),
    wildcard_constraints:
        batch=any_of(blessing.batches(BLESSING)),
    params:
        study="blessing",
        runs=lambda w: BLESSING_RUNS,
        names=lambda w: blessing.batch_runs(BLESSING, w.batch),
        columns=lambda w: blessing.batch_columns(BLESSING, w.batch),
        code=lambda w: LINEAGE.measured(
            "collect_history.py", "blessing", blessing.batch_runs(BLESSING, w.batch)
        ),
