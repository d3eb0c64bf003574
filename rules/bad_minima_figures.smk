"""The figures and tables of Liu et al. 2020, one rule each; bad_minima.smk makes what they are drawn from."""

BAD_MINIMA_FIGURES = [
    "fig1",
    "fig2",
    "fig3",
    "table1",
    "fig4",
    "table2",
    "fig5",
    "fig6",
]
BAD_MINIMA_ABOUT = f"{', '.join(dict.fromkeys(chosen['dataset'] for chosen in SETUPS.values()))}, {SCALE} scale"


use rule draw as bad_minima_fig1 with:
    input:
        table("bad_minima", "toy"),
    output:
        **figure("bad_minima", "fig1"),
    log:
        log_of("bad_minima/figures/fig1"),
    benchmark:
        timing_of("bad_minima/figures/fig1")
    params:
        about=f"two Gaussians, {SCALE} scale",
        code=drawing_code("bad_minima", "toy"),


use rule draw as bad_minima_fig2 with:
    input:
        table("bad_minima", "history"),
    output:
        **figure("bad_minima", "fig2"),
    log:
        log_of("bad_minima/figures/fig2"),
    benchmark:
        timing_of("bad_minima/figures/fig2")
    params:
        about=BAD_MINIMA_ABOUT,
        code=drawing_code("bad_minima", "history"),


use rule draw as bad_minima_fig3 with:
    input:
        table("bad_minima", "history"),
    output:
        **figure("bad_minima", "fig3"),
    log:
        log_of("bad_minima/figures/fig3"),
    benchmark:
        timing_of("bad_minima/figures/fig3")
    params:
        about=BAD_MINIMA_ABOUT,
        code=drawing_code("bad_minima", "history"),


use rule draw as bad_minima_table1 with:
    input:
        table("bad_minima", "distances"),
    output:
        **figure("bad_minima", "table1"),
    log:
        log_of("bad_minima/figures/table1"),
    benchmark:
        timing_of("bad_minima/figures/table1")
    params:
        about=BAD_MINIMA_ABOUT,
        code=drawing_code("bad_minima", "distances"),


use rule draw as bad_minima_fig4 with:
    input:
        table("bad_minima", "measures"),
    output:
        **figure("bad_minima", "fig4"),
    log:
        log_of("bad_minima/figures/fig4"),
    benchmark:
        timing_of("bad_minima/figures/fig4")
    params:
        about=BAD_MINIMA_ABOUT,
        code=drawing_code("bad_minima", "measures"),


use rule draw as bad_minima_table2 with:
    input:
        table("bad_minima", "measures"),
    output:
        **figure("bad_minima", "table2"),
    log:
        log_of("bad_minima/figures/table2"),
    benchmark:
        timing_of("bad_minima/figures/table2")
    params:
        about=BAD_MINIMA_ABOUT,
        code=drawing_code("bad_minima", "measures"),


use rule draw as bad_minima_fig5 with:
    input:
        table("bad_minima", "measures"),
    output:
        **figure("bad_minima", "fig5"),
    log:
        log_of("bad_minima/figures/fig5"),
    benchmark:
        timing_of("bad_minima/figures/fig5")
    params:
        about=BAD_MINIMA_ABOUT,
        code=drawing_code("bad_minima", "measures"),


use rule draw as bad_minima_fig6 with:
    input:
        table("bad_minima", "robustness"),
    output:
        **figure("bad_minima", "fig6"),
    log:
        log_of("bad_minima/figures/fig6"),
    benchmark:
        timing_of("bad_minima/figures/fig6")
    params:
        about=BAD_MINIMA_ABOUT,
        code=drawing_code("bad_minima", "robustness"),


rule bad_minima:
    input:
        # Every artefact of the study, so that one that was deleted is made again, not only what it feeds.
        figures_of("bad_minima", BAD_MINIMA_FIGURES),
        [table("bad_minima", name) for name in BAD_MINIMA_TABLES],
        [
            file
            for run in RUNS["bad_minima"]
            for file in run_artefacts("bad_minima", run)
        ],
