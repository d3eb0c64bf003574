"""Config to run specs, digests, paths and GPU slots: all that the Snakefile imports, and so free of torch."""
