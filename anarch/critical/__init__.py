"""Critical points of narrow networks inside wide ones: search, embedding, spectra, reduction."""
