"""d'Ascoli et al. 2019: lift CNN snapshots into fully connected space, relax, compare."""

from anarch.workflow import needle
from anarch.workflow.lineage import architecture_module

NEEDLE = config["needle"]
PROTOCOLS = NEEDLE["protocols"]
SGD = PROTOCOLS["sgd"]
TRACE = NEEDLE["trace"]
TRACED = needle.traced(NEEDLE)
CNNS = [run for run in RUNS["needle"] if needle.describe(run)["model"] == "CNN"]
BATCHES = [f"{protocol}-s{seed}" for protocol, chosen in PROTOCOLS.items() for seed in chosen["seeds"]]
DIGESTS["needle"] = {
    "history": LINEAGE.measured("collect_history.py", "needle", RUNS["needle"]),
    "measures": LINEAGE.measured("measure.py", "needle", RUNS["needle"]),
    "certificates": LINEAGE.measured("lift.py", "needle", CNNS),
    "interpolation": LINEAGE.measured("interpolate.py", "needle", RUNS["needle"]),
    "paths": LINEAGE.measured("trace_paths.py", "needle", [needle.cnn("sgd", TRACE["seed"]), *TRACED]),
    "filters": LINEAGE.measured("trace_filters.py", "needle", TRACED),
    "blocks": LINEAGE.code("blocks.py", architecture_module(SGD["model"]["architecture"])),
}
STACKED["needle"] = {
    "measures": [f"measures/{batch}" for batch in BATCHES],
    "certificates": [f"certificates/{batch}" for batch in BATCHES],
    "interpolation": [f"interpolation/sgd-s{seed}" for seed in SGD["seeds"]],
}
NEEDLE_RUNS = f"results/{SCALE}/needle/runs"


TRAINED["needle"] = {
    "cnn": {"runs": any_of(CNNS), "snapshots": NEEDLE["relax_times"]},
    "relax": {"runs": any_of(run for run in RUNS["needle"] if run not in [*CNNS, *TRACED])},
    "relax_traced": {"runs": any_of(TRACED), "snapshots": TRACE["epochs"]},
}


rule needle_lift:
    input:
        unpack(lambda w: data_of_seed(PROTOCOLS[w.protocol]["dataset"], w.seed)),
        spec=f"{NEEDLE_RUNS}/{{protocol}}/cnn-s{{seed}}/{paths.SPEC}",
        snapshots=lambda w: snapshots(
            "needle",
            needle.cnn(w.protocol, w.seed),
            PROTOCOLS[w.protocol]["relax_times"],
        ),
    output:
        table("needle", "certificates/{protocol}-s{seed}"),
    log:
        log_of("needle/certificates/{protocol}-s{seed}"),
    priority: 1  # before the relaxations: a lifting that is not exact stops them
    conda:
        "../environment.yml"
    resources:
        gpu=1,
        mem_mb=8000,
        runtime=30,
    params:
        runs=lambda w: NEEDLE_RUNS,
        epochs=lambda w: PROTOCOLS[w.protocol]["relax_times"],
        tolerance=NEEDLE["lift_tolerance"],
        code=lambda w: LINEAGE.measured("lift.py", "needle", [needle.cnn(w.protocol, w.seed)]),
    shell:
        "python workflow_scripts/job.py {log} lift.py --runs {params.runs} --cnn {wildcards.protocol}/cnn-s{wildcards.seed}"
        " --data $(dirname {input.manifest}) --epochs {params.epochs} --tolerance {params.tolerance}"
        " --threads {threads} --gpus {resources.gpu} --out {output}"


rule needle_measure:
    input:
        unpack(lambda w: data_of_seed(PROTOCOLS[w.protocol]["dataset"], w.seed)),
        finals=lambda w: finals("needle", needle.members(NEEDLE, w.protocol, int(w.seed))),
        snapshots=lambda w: snapshots("needle", needle.cnn(w.protocol, w.seed), NEEDLE["relax_times"]),
    output:
        table("needle", "measures/{protocol}-s{seed}"),
    log:
        log_of("needle/measures/{protocol}-s{seed}"),
    conda:
        "../environment.yml"
    resources:
        gpu=1,
        mem_mb=8000,
        runtime="4h",
    params:
        runs=lambda w: NEEDLE_RUNS,
        names=lambda w: needle.members(NEEDLE, w.protocol, int(w.seed)),
        hessian=NEEDLE["hessian"],
        code=lambda w: LINEAGE.measured(
            "measure.py", "needle", needle.members(NEEDLE, w.protocol, int(w.seed))
        ),
    shell:
        "python workflow_scripts/job.py {log} measure.py --runs {params.runs} --names {params.names} --data $(dirname {input.manifest})"
        " --hessian-images {params.hessian[images]} --hessian-tolerance {params.hessian[tolerance]}"
        " --threads {threads} --gpus {resources.gpu} --out {output}"


rule needle_interpolate:
    input:
        unpack(lambda w: data_of_seed(SGD["dataset"], w.seed)),
        finals=lambda w: finals("needle", needle.triple(NEEDLE, int(w.seed))),
    output:
        table("needle", "interpolation/sgd-s{seed}"),
    log:
        log_of("needle/interpolation/sgd-s{seed}"),
    conda:
        "../environment.yml"
    resources:
        gpu=1,
        mem_mb=16000,  # the string holds all its points at once
        runtime="4h",
    params:
        runs=lambda w: NEEDLE_RUNS,
        names=lambda w: needle.triple(NEEDLE, int(w.seed)),
        path=NEEDLE["interpolation"],
        string=NEEDLE["interpolation"]["string"],
        batch_size=SGD["relaxed"]["batch_size"],
        code=lambda w: LINEAGE.measured("interpolate.py", "needle", needle.triple(NEEDLE, int(w.seed))),
    shell:
        "python workflow_scripts/job.py {log} interpolate.py --runs {params.runs} --efcn {params.names[0]} --cnn {params.names[1]}"
        " --fcn {params.names[2]} --data $(dirname {input.manifest}) --points {params.path[points]} --images {params.path[images]}"
        " --string-points {params.string[points]} --string-epochs {params.string[epochs]} --string-lr {params.string[lr]}"
        " --string-stiffness {params.string[stiffness]} --batch-size {params.batch_size}"
        " --threads {threads} --gpus {resources.gpu} --out {output}"


rule needle_trace_paths:
    input:
        **data_of_seed(SGD["dataset"], TRACE["seed"]),
        finals=finals("needle", [needle.cnn("sgd", TRACE["seed"]), *TRACED]),
        points=snapshots("needle", needle.cnn("sgd", TRACE["seed"]), NEEDLE["relax_times"]),
        wide=[file for run in TRACED for file in snapshots("needle", run, TRACE["epochs"])],
    output:
        table("needle", "paths"),
    log:
        log_of("needle/paths"),
    conda:
        "../environment.yml"
    resources:
        mem_mb=32000,
        runtime="2h",
    params:
        runs=lambda w: NEEDLE_RUNS,
        cnn=needle.cnn("sgd", TRACE["seed"]),
        wide=TRACED,
        code=DIGESTS["needle"]["paths"],
    shell:
        "python workflow_scripts/job.py {log} trace_paths.py --runs {params.runs} --cnn {params.cnn} --wide {params.wide}"
        " --data $(dirname {input.manifest}) --threads {threads} --gpus 0 --out {output}"


rule needle_trace_filters:
    input:
        **data_of_seed(SGD["dataset"], TRACE["seed"]),
        finals=finals("needle", TRACED),
        wide=[file for run in TRACED for file in snapshots("needle", run, TRACE["epochs"])],
    output:
        table("needle", "filters"),
    log:
        log_of("needle/filters"),
    conda:
        "../environment.yml"
    resources:
        mem_mb=8000,
        runtime=30,
    params:
        runs=lambda w: NEEDLE_RUNS,
        names=TRACED,
        unit=NEEDLE["filter"],
        code=DIGESTS["needle"]["filters"],
    shell:
        "python workflow_scripts/job.py {log} trace_filters.py --runs {params.runs} --names {params.names}"
        " --data $(dirname {input.manifest}) --channel {params.unit[channel]} --position {params.unit[position]}"
        " --threads {threads} --gpus 0 --out {output}"


rule needle_blocks:
    input:
        **data_of_seed(SGD["dataset"], SGD["seeds"][0]),
    output:
        table("needle", "blocks"),
    log:
        log_of("needle/blocks"),
    conda:
        "../environment.yml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        model=specs.canonical_json(specs.parse(specs.Model, SGD["model"])),
        code=DIGESTS["needle"]["blocks"],
    shell:
        "python workflow_scripts/job.py {log} blocks.py --model {params.model:q} --data $(dirname {input.manifest})"
        " --threads {threads} --gpus 0 --out {output}"


use rule collect_history as needle_history with:
    input:
        histories("needle", RUNS["needle"]),
    output:
        table("needle", "history"),
    log:
        log_of("needle/history"),
    params:
        study="needle",
        runs=lambda w: NEEDLE_RUNS,
        names=list(RUNS["needle"]),
        columns=[],
        code=DIGESTS["needle"]["history"],
