"""One module per source: a stored one offers ``load``, a generated one ``generate`` (see ``prepare``)."""
