"""Verdicts, figures and provenance as one static page; knows plain data only, no files and no torch."""
