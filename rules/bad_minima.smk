"""Liu et al. 2020: train on random labels first, then on the true ones, by vanilla SGD and with its heuristics."""

from anarch.workflow import bad_minima

BAD_MINIMA = config["bad_minima"]
SETUPS = BAD_MINIMA["setups"]
BAD_MINIMA_RUNS = f"results/{SCALE}/bad_minima/runs"
BAD_MINIMA_BATCHES = [f"{setup}-s{seed}" for setup, chosen in SETUPS.items() for seed in chosen["seeds"]]
DIGESTS["bad_minima"] = {
    "history": LINEAGE.measured("collect_history.py", "bad_minima", RUNS["bad_minima"]),
    **{
        name: LINEAGE.measured("measure_minima.py", "bad_minima", RUNS["bad_minima"])
        for name in ("measures", "distances", "robustness")
    },
    "toy": LINEAGE.code("toy_boundaries.py"),
}
STACKED["bad_minima"] = {
    "history": [f"history/{setup}" for setup in SETUPS],
    **{
        name: [f"{name}/{batch}" for batch in BAD_MINIMA_BATCHES]
        for name in ("measures", "distances", "robustness")
    },
}


TRAINED["bad_minima"] = {
    "train": {"runs": any_of(RUNS["bad_minima"]), "mem_mb": 8000, "runtime": "72h"},
}


rule bad_minima_measure:
    input:
        unpack(lambda w: data_of_seed(SETUPS[w.setup]["dataset"], w.seed)),
        finals=lambda w: finals("bad_minima", bad_minima.members(BAD_MINIMA, w.setup, int(w.seed))),
    output:
        measures=table("bad_minima", "measures/{setup}-s{seed}"),
        distances=table("bad_minima", "distances/{setup}-s{seed}"),
        robustness=table("bad_minima", "robustness/{setup}-s{seed}"),
    log:
        log_of("bad_minima/measures/{setup}-s{seed}"),
    conda:
        "../environment.yml"
    resources:
        gpu=1,
        mem_mb=20000,
        runtime="4h",
    params:
        runs=lambda w: BAD_MINIMA_RUNS,
        names=lambda w: bad_minima.members(BAD_MINIMA, w.setup, int(w.seed)),
        columns=lambda w: bad_minima.columns(BAD_MINIMA, w.setup),
        main=BAD_MINIMA["replicas"],
        epsilons=BAD_MINIMA["epsilons"],
        code=lambda w: LINEAGE.measured(
            "measure_minima.py",
            "bad_minima",
            bad_minima.members(BAD_MINIMA, w.setup, int(w.seed)),
        ),
    shell:
        "python workflow_scripts/job.py {log} measure_minima.py --runs {params.runs} --names {params.names}"
        " --data $(dirname {input.manifest}) --column {params.columns:q} --main-replicas {params.main}"
        " --epsilons {params.epsilons} --threads {threads} --gpus {resources.gpu} --measures {output.measures}"
        " --distances {output.distances} --robustness {output.robustness}"


rule bad_minima_toy_boundaries:
    output:
        table("bad_minima", "toy"),
    log:
        log_of("bad_minima/toy"),
    conda:
        "../environment.yml"
    resources:
        gpu=1,
        mem_mb=4000,
        runtime=30,
    params:
        seeds=BAD_MINIMA["toy"]["seeds"],
        code=DIGESTS["bad_minima"]["toy"],
    shell:
        "python workflow_scripts/job.py {log} toy_boundaries.py --seeds {params.seeds}"
        " --threads {threads} --gpus {resources.gpu} --out {output}"


use rule collect_history as bad_minima_history_of_setup with:
    input:
        lambda w: histories("bad_minima", bad_minima.of_setup(BAD_MINIMA, w.setup)),
    output:
        table("bad_minima", "history/{setup}"),
    log:
        log_of("bad_minima/history/{setup}"),
    params:
        study="bad_minima",
        runs=lambda w: BAD_MINIMA_RUNS,
        names=lambda w: bad_minima.of_setup(BAD_MINIMA, w.setup),
        columns=lambda w: bad_minima.columns(BAD_MINIMA, w.setup),
        code=lambda w: LINEAGE.measured(
            "collect_history.py",
            "bad_minima",
            bad_minima.of_setup(BAD_MINIMA, w.setup),
        ),
