"""From a CNN to its locally or fully connected equal, and the distance from the CNN subspace (needle)."""
