"""Neyshabur 2020: S- and D-CONV, -LOCAL and -FC, beta-LASSO, and what it leaves of a fully connected network."""

from anarch.workflow import scratch

SCRATCH = config["scratch"]
SCRATCH_RUNS = f"results/{SCALE}/scratch/runs"
SCRATCH_SECTION = specs.canonical(SCRATCH)
SCRATCH_BATCHES = scratch.batches(SCRATCH)
SCRATCH_FILTERS = scratch.members(SCRATCH, scratch.FILTERS)
SCRATCH_TWINS = scratch.twins(SCRATCH)
SCRATCH_MEASURED = LINEAGE.measured("measure_scratch.py", "scratch", RUNS["scratch"])
SCRATCH_SELECTED = combined(LINEAGE.code("select_scratch.py") + SCRATCH_SECTION + SCRATCH_MEASURED)
DIGESTS["scratch"] = {
    "measures": SCRATCH_MEASURED,
    "weights": SCRATCH_MEASURED,
    **dict.fromkeys(("select", "results", "layers", "leads"), SCRATCH_SELECTED),
    "twins": LINEAGE.measured("permute_scratch.py", "scratch", SCRATCH_TWINS),
    "filters": combined(
        LINEAGE.measured("trace_scratch_filters.py", "scratch", SCRATCH_FILTERS) + SCRATCH_SELECTED
    ),
    **dict.fromkeys(("counts", "scaling"), LINEAGE.code("count_scratch.py")),
}
# What is measured of each batch, stacked into a table of the same name.
STACKED["scratch"] = {
    name: [f"{name}/{batch}" for batch in SCRATCH_BATCHES] for name in ("measures", "weights")
}
KEPT["scratch"] = [table("scratch", part) for parts in STACKED["scratch"].values() for part in parts]


TRAINED["scratch"] = {
    # A choice among thousands of names would be slow to match.
    "train": {"runs": r"[a-z][a-z0-9_]*/[^/]+-s\d+", "mem_mb": 24000, "runtime": "48h"},
}


rule scratch_measure:
    input:
        unpack(lambda w: all_data_files("scratch", SCRATCH_BATCHES[w.batch])),
        finals=lambda w: finals("scratch", SCRATCH_BATCHES[w.batch]),
    output:
        measures=table("scratch", "measures/{batch}"),
        layers=table("scratch", "weights/{batch}"),
    log:
        log_of("scratch/measures/{batch}"),
    wildcard_constraints:
        batch=any_of(SCRATCH_BATCHES),
    conda:
        "../environment.yml"
    resources:
        gpu=1,
        mem_mb=24000,
        runtime="8h",
    params:
        runs=lambda w: SCRATCH_RUNS,
        names=lambda w: SCRATCH_BATCHES[w.batch],
        datasets=lambda w: f"results/{SCALE}/data",
        least=SCRATCH["filters"]["least"],
        code=lambda w: LINEAGE.measured("measure_scratch.py", "scratch", SCRATCH_BATCHES[w.batch]),
    shell:
        "python workflow_scripts/job.py {log} measure_scratch.py --runs {params.runs} --names {params.names}"
        " --datasets {params.datasets} --least {params.least} --threads {threads} --gpus {resources.gpu}"
        " --measures {output.measures} --layers {output.layers}"


rule scratch_select:
    input:
        measures=table("scratch", "measures"),
        layers=table("scratch", "weights"),
    output:
        select=table("scratch", "select"),
        results=table("scratch", "results"),
        layers=table("scratch", "layers"),
        leads=table("scratch", "leads"),
    log:
        log_of("scratch/select"),
    conda:
        "../environment.yml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        section=SCRATCH_SECTION,
        code=SCRATCH_SELECTED,
    shell:
        "python workflow_scripts/job.py {log} select_scratch.py --section {params.section:q} --measures {input.measures}"
        " --layers {input.layers} --select {output.select} --results {output.results}"
        " --chosen-layers {output.layers} --leads {output.leads}"


rule scratch_choose:
    input:
        table("scratch", "results"),
    output:
        f"results/{SCALE}/scratch/chosen.json",
    log:
        log_of("scratch/choose"),
    conda:
        "../environment.yml"
    params:
        code=combined(LINEAGE.code("choose_scratch.py") + SCRATCH_SELECTED),
    shell:
        "python workflow_scripts/job.py {log} choose_scratch.py --results {input} --seeds 5 --out {output}"


rule scratch_filters:
    input:
        unpack(lambda w: all_data_files("scratch", SCRATCH_FILTERS)),
        finals=finals("scratch", SCRATCH_FILTERS),
        results=table("scratch", "results"),
    output:
        table("scratch", "filters"),
    log:
        log_of("scratch/filters"),
    conda:
        "../environment.yml"
    resources:
        gpu=1,
        mem_mb=16000,
        runtime="1h",
    params:
        runs=lambda w: SCRATCH_RUNS,
        datasets=lambda w: f"results/{SCALE}/data",
        chosen=SCRATCH["filters"],
        code=DIGESTS["scratch"]["filters"],
    shell:
        "python workflow_scripts/job.py {log} trace_scratch_filters.py --runs {params.runs} --results {input.results}"
        " --datasets {params.datasets} --count {params.chosen[count]} --least {params.chosen[least]}"
        " --seed {params.chosen[seed]} --threads {threads} --gpus {resources.gpu} --out {output}"


rule scratch_twins:
    input:
        unpack(lambda w: all_data_files("scratch", SCRATCH_TWINS)),
        finals=finals("scratch", SCRATCH_TWINS),
    output:
        table("scratch", "twins"),
    log:
        log_of("scratch/twins"),
    conda:
        "../environment.yml"
    resources:
        gpu=1,
        mem_mb=24000,
        runtime="1h",
    params:
        runs=lambda w: SCRATCH_RUNS,
        names=SCRATCH_TWINS,
        datasets=lambda w: f"results/{SCALE}/data",
        code=DIGESTS["scratch"]["twins"],
    shell:
        "python workflow_scripts/job.py {log} permute_scratch.py --runs {params.runs} --names {params.names}"
        " --datasets {params.datasets} --threads {threads} --gpus {resources.gpu} --out {output}"


rule scratch_counts:
    output:
        counts=table("scratch", "counts"),
        scaling=table("scratch", "scaling"),
    log:
        log_of("scratch/counts"),
    conda:
        "../environment.yml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=DIGESTS["scratch"]["counts"],
    shell:
        "python workflow_scripts/job.py {log} count_scratch.py --counts {output.counts} --scaling {output.scaling}"
