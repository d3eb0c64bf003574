"""Numbers that the paper prints in its text and captions."""

# Critical points of each width that no narrower network has (Fig. 4).
CRITICAL_POINTS = {1: 1, 2: 2, 3: 1}
# Negative eigenvalues at each width m (Fig. 3), and the L1 norm of the gradient at the point of width 2.
NEGATIVE = {"line": {2: 0, 3: 1, 4: 2}, "iris": {2: 3, 3: 5, 4: 7}}
RESIDUAL = {"line": 7.15e-15, "iris": 3.72e-13}
ZERO = 1e-11  # the auxiliary line of Fig. 3
# Reduction on MNIST (Fig. 5): neurons before and after, and test images that both predict alike (%).
NEURONS, GROUPS, AGREEMENT = 400, 58, 98.5
