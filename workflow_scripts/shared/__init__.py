"""What the commands of this folder share: arguments and devices, files, finished runs, minima, points."""
