"""From a CNN to its locally or fully connected equal, and the distance from the CNN subspace (needle)."""

from anarch.lifting.certify import Certificate, certificate
from anarch.lifting.locality import (
    deviation,
    expected_deviation,
    expected_padded_deviation,
    local_masks,
    local_part,
    off_local_part,
)
from anarch.lifting.subspace import project, unit_filter
from anarch.lifting.walk import lift, lifted_layers

__all__ = [
    "Certificate",
    "certificate",
    "deviation",
    "expected_deviation",
    "expected_padded_deviation",
    "lift",
    "lifted_layers",
    "local_masks",
    "local_part",
    "off_local_part",
    "project",
    "unit_filter",
]
