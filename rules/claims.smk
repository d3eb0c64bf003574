"""Verdicts: every claim of config/claims.yaml, judged on the tables that it names."""

FIGURES = {
    "needle": NEEDLE_FIGURES,
    "bad_minima": BAD_MINIMA_FIGURES,
    "embedding": EMBEDDING_FIGURES,
    "scratch": SCRATCH_FIGURES,
    "blessing": BLESSING_FIGURES,
}
try:
    CLAIMED = claims.needed(claims.read(ROOT, FIGURES), MADE_BY)
except checks.ConfigError as error:
    raise WorkflowError(str(error))


rule claims:
    input:
        [table(study, name) for study, name in CLAIMED],
    output:
        paths.claims(SCALE),
    log:
        log_of("claims"),
    benchmark:
        timing_of("claims")
    conda:
        "../environment.yml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        scale=SCALE,
        code=digests.text_digest(
            code("judge.py")
            + claims.digest_text(ROOT)
            + "".join(MADE_BY[study][name] for study, name in CLAIMED)
        ),
    shell:
        "python workflow_scripts/judge.py --scale {params.scale} --tables {input} --out {output} > {log} 2>&1"
