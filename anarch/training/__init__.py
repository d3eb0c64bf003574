"""One way to train every network of the five papers."""
