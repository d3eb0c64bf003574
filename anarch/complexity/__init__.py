"""How complex a trained network is: distances, norms, folded batch norm, robustness."""
