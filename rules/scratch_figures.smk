"""The figures and tables of Neyshabur 2020, one rule each; scratch.smk makes what they are drawn from."""

SCRATCH_FIGURES = [
    "fig1",
    "fig2",
    "table1",
    "table2",
    "fig3",
    "fig4",
    "fig5",
    "fig6",
    "table3",
    "table4",
    "table5",
    "fig7",
    "fig8",
    "fig9",
    "fig10",
]
SCRATCH_TABLES = list(MADE_BY["scratch"])
SCRATCH_ABOUT = scratch.about(SCRATCH, SCALE)


use rule draw as scratch_fig1 with:
    input:
        table("scratch", "counts"),
        table("scratch", "scaling"),
    output:
        **figure("scratch", "fig1"),
    log:
        log_of("scratch/figures/fig1"),
    benchmark:
        timing_of("scratch/figures/fig1")
    params:
        about="formulas, no training",
        code=drawing_code("scratch", "counts", "scaling"),


use rule draw as scratch_fig2 with:
    input:
        table("scratch", "results"),
    output:
        **figure("scratch", "fig2"),
    log:
        log_of("scratch/figures/fig2"),
    benchmark:
        timing_of("scratch/figures/fig2")
    params:
        about=SCRATCH_ABOUT,
        code=drawing_code("scratch", "results"),


use rule draw as scratch_table1 with:
    input:
        table("scratch", "results"),
    output:
        **figure("scratch", "table1"),
    log:
        log_of("scratch/figures/table1"),
    benchmark:
        timing_of("scratch/figures/table1")
    params:
        about=SCRATCH_ABOUT,
        code=drawing_code("scratch", "results"),


use rule draw as scratch_table2 with:
    input:
        table("scratch", "results"),
    output:
        **figure("scratch", "table2"),
    log:
        log_of("scratch/figures/table2"),
    benchmark:
        timing_of("scratch/figures/table2")
    params:
        about=SCRATCH_ABOUT,
        code=drawing_code("scratch", "results"),


use rule draw as scratch_fig3 with:
    input:
        table("scratch", "layers"),
    output:
        **figure("scratch", "fig3"),
    log:
        log_of("scratch/figures/fig3"),
    benchmark:
        timing_of("scratch/figures/fig3")
    params:
        about=SCRATCH_ABOUT,
        code=drawing_code("scratch", "layers"),


use rule draw as scratch_fig4 with:
    input:
        table("scratch", "filters"),
        table("scratch", "results"),
    output:
        **figure("scratch", "fig4"),
    log:
        log_of("scratch/figures/fig4"),
    benchmark:
        timing_of("scratch/figures/fig4")
    params:
        about=SCRATCH_ABOUT,
        code=drawing_code("scratch", "filters", "results"),


use rule draw as scratch_fig5 with:
    input:
        table("scratch", "results"),
    output:
        **figure("scratch", "fig5"),
    log:
        log_of("scratch/figures/fig5"),
    benchmark:
        timing_of("scratch/figures/fig5")
    params:
        about=SCRATCH_ABOUT,
        code=drawing_code("scratch", "results"),


use rule draw as scratch_fig6 with:
    input:
        table("scratch", "results"),
    output:
        **figure("scratch", "fig6"),
    log:
        log_of("scratch/figures/fig6"),
    benchmark:
        timing_of("scratch/figures/fig6")
    params:
        about=SCRATCH_ABOUT,
        code=drawing_code("scratch", "results"),


use rule draw as scratch_table3 with:
    input:
        table("scratch", "counts"),
    output:
        **figure("scratch", "table3"),
    log:
        log_of("scratch/figures/table3"),
    benchmark:
        timing_of("scratch/figures/table3")
    params:
        about="formulas, no training",
        code=drawing_code("scratch", "counts"),


use rule draw as scratch_table4 with:
    input:
        table("scratch", "counts"),
    output:
        **figure("scratch", "table4"),
    log:
        log_of("scratch/figures/table4"),
    benchmark:
        timing_of("scratch/figures/table4")
    params:
        about="formulas, no training",
        code=drawing_code("scratch", "counts"),


use rule draw as scratch_table5 with:
    input:
        table("scratch", "results"),
    output:
        **figure("scratch", "table5"),
    log:
        log_of("scratch/figures/table5"),
    benchmark:
        timing_of("scratch/figures/table5")
    params:
        about=SCRATCH_ABOUT,
        code=drawing_code("scratch", "results"),


use rule draw as scratch_fig7 with:
    input:
        table("scratch", "filters"),
        table("scratch", "results"),
    output:
        **figure("scratch", "fig7"),
    log:
        log_of("scratch/figures/fig7"),
    benchmark:
        timing_of("scratch/figures/fig7")
    params:
        about=SCRATCH_ABOUT,
        code=drawing_code("scratch", "filters", "results"),


use rule draw as scratch_fig8 with:
    input:
        table("scratch", "filters"),
        table("scratch", "results"),
    output:
        **figure("scratch", "fig8"),
    log:
        log_of("scratch/figures/fig8"),
    benchmark:
        timing_of("scratch/figures/fig8")
    params:
        about=SCRATCH_ABOUT,
        code=drawing_code("scratch", "filters", "results"),


use rule draw as scratch_fig9 with:
    input:
        table("scratch", "filters"),
        table("scratch", "results"),
    output:
        **figure("scratch", "fig9"),
    log:
        log_of("scratch/figures/fig9"),
    benchmark:
        timing_of("scratch/figures/fig9")
    params:
        about=SCRATCH_ABOUT,
        code=drawing_code("scratch", "filters", "results"),


use rule draw as scratch_fig10 with:
    input:
        table("scratch", "results"),
    output:
        **figure("scratch", "fig10"),
    log:
        log_of("scratch/figures/fig10"),
    benchmark:
        timing_of("scratch/figures/fig10")
    params:
        about=SCRATCH_ABOUT,
        code=drawing_code("scratch", "results"),


rule scratch:
    input:
        # Every artefact of the study, so that one that was deleted is made again, not only what it feeds.
        figures_of("scratch", SCRATCH_FIGURES),
        [table("scratch", name) for name in SCRATCH_TABLES],
        [
            table("scratch", f"{name}/{batch}")
            for name in ("measures", "weights")
            for batch in SCRATCH_BATCHES
        ],
        [file for run in RUNS["scratch"] for file in run_artefacts("scratch", run)],
