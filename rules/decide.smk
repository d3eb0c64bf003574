"""More seeds where they decide: the next look at the studies whose open claims it decides most cheaply."""


localrules:
    decide,


rule decide:
    input:
        rules.claims.output,
        rules.report.output,
