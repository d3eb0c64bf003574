"""Zhang et al. 2021: critical points of narrow networks inside wide ones; full batch, jobs of their own."""

from anarch.workflow import embedding

EMBEDDING = config["embedding"]
EMBEDDING_SEARCHES = embedding.searches(EMBEDDING)
EMBEDDING_DESCENTS = embedding.descents(EMBEDDING)
EMBEDDING_REDUCTIONS = embedding.reductions(EMBEDDING)
EMBEDDING_IMAGES = {
    name: subsets.dataset_of(config["datasets"], spec["dataset"], spec["seed"])
    for name, spec in EMBEDDING_REDUCTIONS.items()
}
EMBEDDING_PICTURED = embedding.pictured(EMBEDDING)
EMBEDDING_LINE = [table("embedding", f"points/{name}") for name in embedding.of_case("line")]
EMBEDDING_CODE = {
    "search": LINEAGE.code("search_points.py"),
    "embed": LINEAGE.code("embed_points.py"),
    "descend": LINEAGE.code("descend_wide.py"),
    "reduce": LINEAGE.code("reduce_network.py"),
    "certify": LINEAGE.code("certify_embedding.py"),
}
# What a table comes from: its script, its specs, and those of what the script reads.
EMBEDDING_POINTS = combined(EMBEDDING_CODE["search"] + specs.canonical(EMBEDDING_SEARCHES))
EMBEDDING_EMBEDDED = combined(
    EMBEDDING_CODE["embed"] + specs.canonical(embedding.spectra(EMBEDDING)) + EMBEDDING_POINTS
)
EMBEDDING_DESCENDED = combined(
    EMBEDDING_CODE["descend"] + specs.canonical(EMBEDDING_DESCENTS) + EMBEDDING_POINTS
)
EMBEDDING_REDUCED = combined(
    EMBEDDING_CODE["reduce"]
    + specs.canonical(EMBEDDING_REDUCTIONS)
    + "".join(map(LINEAGE.dataset, EMBEDDING_IMAGES.values()))
)
DIGESTS["embedding"] = {
    "points": EMBEDDING_POINTS,
    **dict.fromkeys(("curves", "spectra", "growth", "diagram", "split"), EMBEDDING_EMBEDDED),
    **dict.fromkeys(("descent", "plateaus", "snapshots"), EMBEDDING_DESCENDED),
    **dict.fromkeys(("training", "reductions", "groups", "cosines", "agreement"), EMBEDDING_REDUCED),
    "certificate": combined(EMBEDDING_CODE["certify"] + specs.canonical(EMBEDDING["certificate"])),
}
STACKED["embedding"] = {
    name: [f"{name}/{part}" for part in parts]
    for names, parts in (
        (("points",), EMBEDDING_SEARCHES),
        (("descent", "plateaus", "snapshots"), EMBEDDING_DESCENTS),
        (("training", "reductions"), EMBEDDING_REDUCTIONS),
        (("groups", "cosines", "agreement"), EMBEDDING_PICTURED),
    )
    for name in names
}


rule embedding_search:
    output:
        table("embedding", "points/{search}"),
    log:
        log_of("embedding/points/{search}"),
    wildcard_constraints:
        search=any_of(EMBEDDING_SEARCHES),
    conda:
        "../environment.yml"
    resources:
        mem_mb=4000,
        runtime="2h",
    params:
        spec=lambda w: specs.canonical(EMBEDDING_SEARCHES[w.search]),
        code=EMBEDDING_CODE["search"],
    shell:
        "python workflow_scripts/job.py {log} search_points.py --spec {params.spec:q} --threads {threads} --gpus 0"
        " --out {output}"


rule embedding_embed:
    input:
        line=EMBEDDING_LINE,
        iris=table("embedding", "points/iris-m2"),
        iris_bias=table("embedding", "points/iris_bias-m2"),
    output:
        curves=table("embedding", "curves"),
        spectra=table("embedding", "spectra"),
        growth=table("embedding", "growth"),
        diagram=table("embedding", "diagram"),
        split=table("embedding", "split"),
    log:
        log_of("embedding/embed"),
    conda:
        "../environment.yml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        spec=specs.canonical(embedding.spectra(EMBEDDING)),
        code=EMBEDDING_EMBEDDED,
    shell:
        "python workflow_scripts/job.py {log} embed_points.py --spec {params.spec:q} --threads {threads} --gpus 0"
        " --line {input.line} --iris {input.iris} --iris-bias {input.iris_bias} --curves {output.curves}"
        " --spectra {output.spectra} --growth {output.growth} --diagram {output.diagram} --split {output.split}"


rule embedding_descend:
    input:
        line=EMBEDDING_LINE,
    output:
        descent=table("embedding", "descent/{descent}"),
        plateaus=table("embedding", "plateaus/{descent}"),
        snapshots=table("embedding", "snapshots/{descent}"),
    log:
        log_of("embedding/descent/{descent}"),
    wildcard_constraints:
        descent=any_of(EMBEDDING_DESCENTS),
    conda:
        "../environment.yml"
    resources:
        mem_mb=2000,
        runtime="2h",
    params:
        spec=lambda w: specs.canonical(EMBEDDING_DESCENTS[w.descent]),
        code=combined(EMBEDDING_CODE["descend"] + EMBEDDING_POINTS),
    shell:
        "python workflow_scripts/job.py {log} descend_wide.py --spec {params.spec:q} --threads {threads} --gpus 0"
        " --line {input.line} --descent {output.descent} --plateaus {output.plateaus}"
        " --snapshots {output.snapshots}"


rule embedding_reduce:
    input:
        unpack(lambda w: data_files(EMBEDDING_IMAGES[w.network])),
    output:
        training=table("embedding", "training/{network}"),
        reductions=table("embedding", "reductions/{network}"),
        groups=table("embedding", "groups/{network}"),
        cosines=table("embedding", "cosines/{network}"),
        agreement=table("embedding", "agreement/{network}"),
    log:
        log_of("embedding/reductions/{network}"),
    wildcard_constraints:
        network=any_of(EMBEDDING_REDUCTIONS),
    conda:
        "../environment.yml"
    resources:
        gpu=1,
        mem_mb=6000,
        runtime="4h",
    params:
        spec=lambda w: specs.canonical(EMBEDDING_REDUCTIONS[w.network]),
        code=lambda w: combined(EMBEDDING_CODE["reduce"] + LINEAGE.dataset(EMBEDDING_IMAGES[w.network])),
    shell:
        "python workflow_scripts/job.py {log} reduce_network.py --spec {params.spec:q} --data $(dirname {input.manifest})"
        " --threads {threads} --gpus {resources.gpu} --training {output.training}"
        " --reductions {output.reductions} --groups {output.groups} --cosines {output.cosines}"
        " --agreement {output.agreement}"


rule embedding_certify:
    output:
        table("embedding", "certificate"),
    log:
        log_of("embedding/certificate"),
    conda:
        "../environment.yml"
    resources:
        mem_mb=2000,
        runtime="2h",
    params:
        # In one dictionary: Snakemake compares params as a set of values, in which swapped numbers are the same.
        effort={**EMBEDDING["certificate"], "seed": EMBEDDING["seed"]},
        code=EMBEDDING_CODE["certify"],
    shell:
        "python workflow_scripts/job.py {log} certify_embedding.py --trials {params.effort[trials]}"
        " --data-sets {params.effort[data_sets]} --seed {params.effort[seed]} --threads {threads} --gpus 0 --out {output}"
