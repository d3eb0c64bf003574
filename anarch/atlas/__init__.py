"""All networks of all studies side by side: what is measured of each, and what orders test accuracy."""
