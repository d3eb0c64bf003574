"""The figures and tables of Huang et al. 2019, one rule each; blessing_tables.smk makes what they are drawn from."""

BLESSING_FIGURES = [
    "fig1",
    "fig2",
    "fig3",
    "fig4",
    "fig5",
    "fig6",
    "fig7",
    "fig8",
    "table1",
    "animation",
]
BLESSING_DATASETS = list(
    dict.fromkeys(chosen["dataset"] for chosen in IMAGE_SETS.values())
)
BLESSING_FITTED = list(
    dict.fromkeys(BLESSING[part]["dataset"] for part in ("models", "optimisers"))
)


use rule draw as blessing_fig1 with:
    input:
        table("blessing", "minefield"),
    output:
        **figure("blessing", "fig1"),
    log:
        log_of("blessing/figures/fig1"),
    benchmark:
        timing_of("blessing/figures/fig1")
    params:
        about=about("two spirals"),
        code=drawing_code("blessing", "minefield"),


use rule draw as blessing_fig2 with:
    input:
        table("blessing", "history"),
        table("blessing", "sizes"),
    output:
        **figure("blessing", "fig2"),
    log:
        log_of("blessing/figures/fig2"),
    benchmark:
        timing_of("blessing/figures/fig2")
    params:
        about=about(*BLESSING_FITTED),
        code=drawing_code("blessing", "history", "sizes"),


use rule draw as blessing_fig3 with:
    input:
        table("blessing", "boundaries"),
        table("blessing", "surface"),
    output:
        **figure("blessing", "fig3"),
    log:
        log_of("blessing/figures/fig3"),
    benchmark:
        timing_of("blessing/figures/fig3")
    params:
        about=about("swiss roll"),
        code=drawing_code("blessing", "boundaries", "surface"),


use rule draw as blessing_fig4 with:
    input:
        table("blessing", "surface"),
    output:
        **figure("blessing", "fig4"),
    log:
        log_of("blessing/figures/fig4"),
    benchmark:
        timing_of("blessing/figures/fig4")
    params:
        about=about(*BLESSING_DATASETS),
        code=drawing_code("blessing", "surface"),


use rule draw as blessing_fig5 with:
    input:
        table("blessing", "minima"),
        table("blessing", "basins"),
    output:
        **figure("blessing", "fig5"),
    log:
        log_of("blessing/figures/fig5"),
    benchmark:
        timing_of("blessing/figures/fig5")
    params:
        about=about("swiss roll", *BLESSING_DATASETS),
        code=drawing_code("blessing", "minima", "basins"),


use rule draw as blessing_fig6 with:
    input:
        table("blessing", "boundaries"),
    output:
        **figure("blessing", "fig6"),
    log:
        log_of("blessing/figures/fig6"),
    benchmark:
        timing_of("blessing/figures/fig6")
    params:
        about=about("swiss roll"),
        code=drawing_code("blessing", "boundaries"),


use rule draw as blessing_fig7 with:
    input:
        table("blessing", "rays"),
    output:
        **figure("blessing", "fig7"),
    log:
        log_of("blessing/figures/fig7"),
    benchmark:
        timing_of("blessing/figures/fig7")
    params:
        about=about("swiss roll", *BLESSING_DATASETS),
        code=drawing_code("blessing", "rays"),


use rule draw as blessing_fig8 with:
    input:
        table("blessing", "rings"),
    output:
        **figure("blessing", "fig8"),
    log:
        log_of("blessing/figures/fig8"),
    benchmark:
        timing_of("blessing/figures/fig8")
    params:
        about=about("concentric rings"),
        code=drawing_code("blessing", "rings"),


use rule draw as blessing_table1 with:
    input:
        table("blessing", "minima"),
        table("blessing", "basins"),
    output:
        **figure("blessing", "table1"),
    log:
        log_of("blessing/figures/table1"),
    benchmark:
        timing_of("blessing/figures/table1")
    params:
        about=about("swiss roll", *BLESSING_DATASETS),
        code=drawing_code("blessing", "minima", "basins"),


use rule draw as blessing_animation with:
    input:
        table("blessing", "frames"),
        table("blessing", "boundaries"),
    output:
        **figure("blessing", "animation"),
        gif=f"results/{SCALE}/blessing/figures/animation.gif",
    log:
        log_of("blessing/figures/animation"),
    benchmark:
        timing_of("blessing/figures/animation")
    params:
        about=about("swiss roll"),
        code=drawing_code("blessing", "frames", "boundaries"),


rule blessing:
    input:
        # Every artefact of the study, so that one that was deleted is made again, not only what it feeds.
        figures_of("blessing", BLESSING_FIGURES),
        rules.blessing_animation.output.gif,
        [table("blessing", name) for name in BLESSING_TABLES],
        BLESSING_NETWORKS.values(),
        [file for run in RUNS["blessing"] for file in run_artefacts("blessing", run)],
