"""What the workflow costs, from its specs alone: nothing is trained, and no image and no result is read."""
