"""The name of a study makes all of it."""

for STUDY in SHOWN:

    rule:
        name:
            STUDY
        input:
            artefacts(STUDY),
