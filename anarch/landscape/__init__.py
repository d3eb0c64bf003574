"""The loss landscape around a network: slope, curvature, paths between points, planes through points."""
