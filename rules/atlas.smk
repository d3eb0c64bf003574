"""All networks of all studies side by side, and which measure orders test accuracy; reads runs, trains nothing."""

from anarch.workflow import atlas

ATLAS = config["atlas"]
ATLAS_JOBS = atlas.jobs(ATLAS, RUNS)
ATLAS_EFFORT = atlas.effort(ATLAS)
# The swiss roll's networks lie in one file, so that one job measures them all.
ATLAS_PARTS = [*ATLAS_JOBS, *(["swissroll"] if "blessing" in ATLAS["studies"] else [])]
ATLAS_CODE = {name: LINEAGE.measured("measure_atlas.py", *job) for name, job in ATLAS_JOBS.items()}
# Weights that runs of a job began with, where these are an earlier run's.
ATLAS_STARTS = {
    name: [
        f"{paths.run_folder(SCALE, job.study, start.run)}/{paths.weights_name(start.epoch)}"
        for start in atlas.starts(RUNS[job.study], job)
    ]
    for name, job in ATLAS_JOBS.items()
}
ATLAS_SWISSROLL = combined(LINEAGE.code("measure_atlas_swissroll.py") + BLESSING_TOY_CODE["swissroll"])
ATLAS_MEASURED = combined("".join([*ATLAS_CODE.values(), ATLAS_SWISSROLL]))
DIGESTS["atlas"] = {
    "atlas": ATLAS_MEASURED,
    **dict.fromkeys(("taus", "signs"), combined(LINEAGE.code("rank_atlas.py") + ATLAS_MEASURED)),
}
STACKED["atlas"] = {"atlas": [f"measured/{part}" for part in ATLAS_PARTS]}


rule atlas_measure:
    input:
        unpack(lambda w: all_data_files(*ATLAS_JOBS[w.job])),
        finals=lambda w: finals(*ATLAS_JOBS[w.job]),
        starts=lambda w: ATLAS_STARTS[w.job],
    output:
        table("atlas", "measured/{job}"),
    log:
        log_of("atlas/measured/{job}"),
    wildcard_constraints:
        job=any_of(ATLAS_JOBS),
    conda:
        "../environment.yml"
    resources:
        gpu=1,
        mem_mb=48000,  # a Hessian-vector product of the widest network of the paper scale
        runtime="24h",
    params:
        study=lambda w: ATLAS_JOBS[w.job].study,
        runs=lambda w: f"results/{SCALE}/{ATLAS_JOBS[w.job].study}/runs",
        networks=lambda w: atlas.networks(ATLAS_JOBS[w.job], RUNS[ATLAS_JOBS[w.job].study]),
        datasets=lambda w: f"results/{SCALE}/data",
        effort=ATLAS_EFFORT,
        code=lambda w: ATLAS_CODE[w.job],
    shell:
        "python workflow_scripts/job.py {log} measure_atlas.py --study {params.study} --runs {params.runs}"
        " --networks {params.networks:q} --datasets {params.datasets} --effort {params.effort:q}"
        " --threads {threads} --gpus {resources.gpu} --out {output}"


rule atlas_measure_swissroll:
    input:
        BLESSING_NETWORKS["swissroll"],
    output:
        table("atlas", "measured/swissroll"),
    log:
        log_of("atlas/measured/swissroll"),
    conda:
        "../environment.yml"
    resources:
        gpu=1,
        mem_mb=4000,
        runtime="1h",
    params:
        spec=BLESSING_TOYS["swissroll"],
        effort=ATLAS_EFFORT,
        code=ATLAS_SWISSROLL,
    shell:
        "python workflow_scripts/job.py {log} measure_atlas_swissroll.py --networks {input} --spec {params.spec:q}"
        " --effort {params.effort:q} --threads {threads} --gpus {resources.gpu} --out {output}"


rule atlas_rank:
    input:
        table("atlas", "atlas"),
    output:
        taus=table("atlas", "taus"),
        signs=table("atlas", "signs"),
    log:
        log_of("atlas/taus"),
    conda:
        "../environment.yml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        resamples=ATLAS["resamples"],
        code=DIGESTS["atlas"]["taus"],
    shell:
        "python workflow_scripts/job.py {log} rank_atlas.py --atlas {input} --resamples {params.resamples}"
        " --taus {output.taus} --signs {output.signs}"
