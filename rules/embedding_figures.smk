"""The figures and the table of Zhang et al. 2021, one rule each; embedding.smk makes what they are drawn from."""

EMBEDDING_FIGURES = ["fig1", "fig2", "fig3", "fig4", "fig5", "fig6", "table1"]


use rule draw as embedding_fig1 with:
    input:
        table("embedding", "curves"),
        table("embedding", "descent"),
        table("embedding", "plateaus"),
        table("embedding", "snapshots"),
    output:
        **figure("embedding", "fig1"),
    log:
        log_of("embedding/figures/fig1"),
    benchmark:
        timing_of("embedding/figures/fig1")
    params:
        about=f"{EMBEDDING['line']['points']} points on a line, {SCALE} scale",
        code=drawing_code(
            "embedding",
            "curves",
            "descent",
            "plateaus",
            "snapshots",
        ),


use rule draw as embedding_fig2 with:
    input:
        table("embedding", "split"),
    output:
        **figure("embedding", "fig2"),
    log:
        log_of("embedding/figures/fig2"),
    benchmark:
        timing_of("embedding/figures/fig2")
    params:
        about=about("Iris"),
        code=drawing_code("embedding", "split"),


use rule draw as embedding_fig3 with:
    input:
        table("embedding", "spectra"),
    output:
        **figure("embedding", "fig3"),
    log:
        log_of("embedding/figures/fig3"),
    benchmark:
        timing_of("embedding/figures/fig3")
    params:
        about=about("points on a line and Iris"),
        code=drawing_code("embedding", "spectra"),


use rule draw as embedding_fig4 with:
    input:
        table("embedding", "points"),
        table("embedding", "diagram"),
        table("embedding", "curves"),
    output:
        **figure("embedding", "fig4"),
    log:
        log_of("embedding/figures/fig4"),
    benchmark:
        timing_of("embedding/figures/fig4")
    params:
        about=f"{EMBEDDING['line']['points']} points on a line, {SCALE} scale",
        code=drawing_code("embedding", "points", "diagram", "curves"),


use rule draw as embedding_fig5 with:
    input:
        table("embedding", "training"),
        table("embedding", "reductions"),
        table("embedding", "groups"),
        table("embedding", "cosines"),
        table("embedding", "agreement"),
    output:
        **figure("embedding", "fig5"),
    log:
        log_of("embedding/figures/fig5"),
    benchmark:
        timing_of("embedding/figures/fig5")
    params:
        about=about(EMBEDDING["reduction"]["two_layer"]["dataset"]),
        code=drawing_code(
            "embedding",
            "training",
            "reductions",
            "groups",
            "cosines",
            "agreement",
        ),


use rule draw as embedding_fig6 with:
    input:
        table("embedding", "training"),
        table("embedding", "reductions"),
        table("embedding", "groups"),
        table("embedding", "cosines"),
        table("embedding", "agreement"),
    output:
        **figure("embedding", "fig6"),
    log:
        log_of("embedding/figures/fig6"),
    benchmark:
        timing_of("embedding/figures/fig6")
    params:
        about=about(EMBEDDING["reduction"]["cnn"]["dataset"]),
        code=drawing_code(
            "embedding",
            "training",
            "reductions",
            "groups",
            "cosines",
            "agreement",
        ),


use rule draw as embedding_table1 with:
    input:
        table("embedding", "certificate"),
    output:
        **figure("embedding", "table1"),
    log:
        log_of("embedding/figures/table1"),
    benchmark:
        timing_of("embedding/figures/table1")
    params:
        about=about("random networks"),
        code=drawing_code("embedding", "certificate"),


rule embedding:
    input:
        # Every artefact of the study, so that one that was deleted is made again, not only what it feeds.
        figures_of("embedding", EMBEDDING_FIGURES),
        [table("embedding", name) for name in MADE_BY["embedding"]],
