"""One module a source: a stored one offers ``load``, a generated one ``generate`` (see :mod:`anarch.data.prepare`)."""
