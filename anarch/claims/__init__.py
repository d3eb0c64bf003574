"""What the papers claim, judged on the tables of the studies.  No torch, no files."""
