"""One module a source.  Stored ones offer ``load(root, path, *, download)``, made ones ``generate(sizes, *, seed)``."""
