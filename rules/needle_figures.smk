"""The figures of d'Ascoli et al. 2019, one rule each; needle.smk makes their tables."""


use rule draw as needle_fig1 with:
    input:
        table(STUDY, "paths"),
    output:
        **figure(STUDY, "fig1"),
    log:
        log_of("needle/figures/fig1"),
    benchmark:
        timing_of("needle/figures/fig1")
    params:
        about=about(PROTOCOLS["sgd"]["dataset"]),
        code=drawing_code(STUDY, "paths"),


use rule draw as needle_fig2 with:
    input:
        table(STUDY, "history"),
    output:
        **figure(STUDY, "fig2"),
    log:
        log_of("needle/figures/fig2"),
    benchmark:
        timing_of("needle/figures/fig2")
    params:
        about=about(PROTOCOLS["sgd"]["dataset"]),
        code=drawing_code(STUDY, "history"),


use rule draw as needle_fig3 with:
    input:
        table(STUDY, "measures"),
    output:
        **figure(STUDY, "fig3"),
    log:
        log_of("needle/figures/fig3"),
    benchmark:
        timing_of("needle/figures/fig3")
    params:
        about=about(PROTOCOLS["sgd"]["dataset"]),
        code=drawing_code(STUDY, "measures"),


use rule draw as needle_fig4 with:
    input:
        table(STUDY, "measures"),
    output:
        **figure(STUDY, "fig4"),
    log:
        log_of("needle/figures/fig4"),
    benchmark:
        timing_of("needle/figures/fig4")
    params:
        about=about(PROTOCOLS["sgd"]["dataset"]),
        code=drawing_code(STUDY, "measures"),


use rule draw as needle_fig5 with:
    input:
        table(STUDY, "measures"),
    output:
        **figure(STUDY, "fig5"),
    log:
        log_of("needle/figures/fig5"),
    benchmark:
        timing_of("needle/figures/fig5")
    params:
        about=about(PROTOCOLS["sgd"]["dataset"]),
        code=drawing_code(STUDY, "measures"),


use rule draw as needle_fig6 with:
    input:
        table(STUDY, "filters"),
    output:
        **figure(STUDY, "fig6"),
    log:
        log_of("needle/figures/fig6"),
    benchmark:
        timing_of("needle/figures/fig6")
    params:
        about=about(PROTOCOLS["sgd"]["dataset"]),
        code=drawing_code(STUDY, "filters"),


use rule draw as needle_fig7 with:
    input:
        table(STUDY, "filters"),
    output:
        **figure(STUDY, "fig7"),
    log:
        log_of("needle/figures/fig7"),
    benchmark:
        timing_of("needle/figures/fig7")
    params:
        about=about(PROTOCOLS["sgd"]["dataset"]),
        code=drawing_code(STUDY, "filters"),


use rule draw as needle_figA with:
    input:
        table(STUDY, "blocks"),
    output:
        **figure(STUDY, "figA"),
    log:
        log_of("needle/figures/figA"),
    benchmark:
        timing_of("needle/figures/figA")
    params:
        about=about(PROTOCOLS["sgd"]["dataset"]),
        code=drawing_code(STUDY, "blocks"),


use rule draw as needle_figB1 with:
    input:
        table(STUDY, "history"),
        table(STUDY, "measures"),
    output:
        **figure(STUDY, "figB1"),
    log:
        log_of("needle/figures/figB1"),
    benchmark:
        timing_of("needle/figures/figB1")
    params:
        about=about(PROTOCOLS["alexnet"]["dataset"]),
        code=drawing_code(STUDY, "history", "measures"),


use rule draw as needle_figB2 with:
    input:
        table(STUDY, "history"),
        table(STUDY, "measures"),
    output:
        **figure(STUDY, "figB2"),
    log:
        log_of("needle/figures/figB2"),
    benchmark:
        timing_of("needle/figures/figB2")
    params:
        about=about(PROTOCOLS["adam"]["dataset"]),
        code=drawing_code(STUDY, "history", "measures"),


use rule draw as needle_figC with:
    input:
        table(STUDY, "interpolation"),
    output:
        **figure(STUDY, "figC"),
    log:
        log_of("needle/figures/figC"),
    benchmark:
        timing_of("needle/figures/figC")
    params:
        about=about(PROTOCOLS["sgd"]["dataset"]),
        code=drawing_code(STUDY, "interpolation"),


use rule draw as needle_lcn with:
    input:
        table(STUDY, "history"),
        table(STUDY, "measures"),
    output:
        **figure(STUDY, "lcn"),
    log:
        log_of("needle/figures/lcn"),
    benchmark:
        timing_of("needle/figures/lcn")
    params:
        about=about(PROTOCOLS["sgd"]["dataset"]),
        code=drawing_code(STUDY, "history", "measures"),


rule needle:
    input:
        # Every artefact of the study, so that one that was deleted is made again, not only what it feeds.
        [file for name in FIGURES for file in figure(STUDY, name).values()],
        [table(STUDY, name) for name in TABLES],
        [file for run in RUNS[STUDY] for file in run_artefacts(STUDY, run)],
