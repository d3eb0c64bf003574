"""The figures of d'Ascoli et al. 2019, one rule each; needle.smk makes their tables."""


use rule draw as needle_fig1 with:
    input:
        table("needle", "paths"),
    output:
        **figure("needle", "fig1"),
    log:
        log_of("needle/figures/fig1"),
    benchmark:
        timing_of("needle/figures/fig1")
    params:
        about=about(PROTOCOLS["sgd"]["dataset"]),
        code=drawing_code("needle", "paths"),


use rule draw as needle_fig2 with:
    input:
        table("needle", "history"),
    output:
        **figure("needle", "fig2"),
    log:
        log_of("needle/figures/fig2"),
    benchmark:
        timing_of("needle/figures/fig2")
    params:
        about=about(PROTOCOLS["sgd"]["dataset"]),
        code=drawing_code("needle", "history"),


use rule draw as needle_fig3 with:
    input:
        table("needle", "measures"),
    output:
        **figure("needle", "fig3"),
    log:
        log_of("needle/figures/fig3"),
    benchmark:
        timing_of("needle/figures/fig3")
    params:
        about=about(PROTOCOLS["sgd"]["dataset"]),
        code=drawing_code("needle", "measures"),


use rule draw as needle_fig4 with:
    input:
        table("needle", "measures"),
    output:
        **figure("needle", "fig4"),
    log:
        log_of("needle/figures/fig4"),
    benchmark:
        timing_of("needle/figures/fig4")
    params:
        about=about(PROTOCOLS["sgd"]["dataset"]),
        code=drawing_code("needle", "measures"),


use rule draw as needle_fig5 with:
    input:
        table("needle", "measures"),
    output:
        **figure("needle", "fig5"),
    log:
        log_of("needle/figures/fig5"),
    benchmark:
        timing_of("needle/figures/fig5")
    params:
        about=about(PROTOCOLS["sgd"]["dataset"]),
        code=drawing_code("needle", "measures"),


use rule draw as needle_fig6 with:
    input:
        table("needle", "filters"),
    output:
        **figure("needle", "fig6"),
    log:
        log_of("needle/figures/fig6"),
    benchmark:
        timing_of("needle/figures/fig6")
    params:
        about=about(PROTOCOLS["sgd"]["dataset"]),
        code=drawing_code("needle", "filters"),


use rule draw as needle_fig7 with:
    input:
        table("needle", "filters"),
    output:
        **figure("needle", "fig7"),
    log:
        log_of("needle/figures/fig7"),
    benchmark:
        timing_of("needle/figures/fig7")
    params:
        about=about(PROTOCOLS["sgd"]["dataset"]),
        code=drawing_code("needle", "filters"),


use rule draw as needle_figA with:
    input:
        table("needle", "blocks"),
    output:
        **figure("needle", "figA"),
    log:
        log_of("needle/figures/figA"),
    benchmark:
        timing_of("needle/figures/figA")
    params:
        about=about(PROTOCOLS["sgd"]["dataset"]),
        code=drawing_code("needle", "blocks"),


use rule draw as needle_figB1 with:
    input:
        table("needle", "history"),
        table("needle", "measures"),
    output:
        **figure("needle", "figB1"),
    log:
        log_of("needle/figures/figB1"),
    benchmark:
        timing_of("needle/figures/figB1")
    params:
        about=about(PROTOCOLS["alexnet"]["dataset"]),
        code=drawing_code("needle", "history", "measures"),


use rule draw as needle_figB2 with:
    input:
        table("needle", "history"),
        table("needle", "measures"),
    output:
        **figure("needle", "figB2"),
    log:
        log_of("needle/figures/figB2"),
    benchmark:
        timing_of("needle/figures/figB2")
    params:
        about=about(PROTOCOLS["adam"]["dataset"]),
        code=drawing_code("needle", "history", "measures"),


use rule draw as needle_figC with:
    input:
        table("needle", "interpolation"),
    output:
        **figure("needle", "figC"),
    log:
        log_of("needle/figures/figC"),
    benchmark:
        timing_of("needle/figures/figC")
    params:
        about=about(PROTOCOLS["sgd"]["dataset"]),
        code=drawing_code("needle", "interpolation"),


use rule draw as needle_lcn with:
    input:
        table("needle", "history"),
        table("needle", "measures"),
    output:
        **figure("needle", "lcn"),
    log:
        log_of("needle/figures/lcn"),
    benchmark:
        timing_of("needle/figures/lcn")
    params:
        about=about(PROTOCOLS["sgd"]["dataset"]),
        code=drawing_code("needle", "history", "measures"),


rule needle:
    input:
        # Every artefact of the study, so that one that was deleted is made again, not only what it feeds.
        figures_of("needle", NEEDLE_FIGURES),
        [table("needle", name) for name in NEEDLE_TABLES],
        [file for run in RUNS["needle"] for file in run_artefacts("needle", run)],
