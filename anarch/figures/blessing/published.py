"""Numbers that the paper prints: accuracies in per cent, parameters, orders of magnitude."""

MINEFIELD_GOOD, MINEFIELD_BAD = 98.5, 53.0  # Fig. 1: test accuracy of the last iterate; bound of the bad ones
NETWORK, LINEAR = 92.0, 49.0  # Fig. 2 left: test accuracy; both models have 100 % on the training set
PARAMETERS = {"network": 269_722, "linear": 298_369}  # Sec. 2; the second counts one class
IMAGES_GOOD, IMAGES_BAD = 97.1, 28.2  # Fig. 4: test accuracy on SVHN
ORDERS = 10_000  # Sec. 5: the least ratio of SVHN volumes, good to bad, in orders of magnitude
CUTOFF = 0.1  # Sec. 5: the loss that bounds a basin
