"""An epoch that ends on a batch of one image, of which some batch norms take no statistics."""

from copy import deepcopy

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from anarch.training.examples import Examples


@torch.no_grad()
def require_last_batch(model: nn.Module, train: Examples, batch_size: int) -> None:
    """ValueError if ``model`` cannot be trained on the last batch of an epoch, as it is a single image."""
    alone = len(train) % batch_size == 1 or batch_size == 1
    if not alone or not any(isinstance(module, _BatchNorm) for module in model.modules()):
        return
    try:
        deepcopy(model).train()(train.inputs(slice(0, 1)))
    except ValueError as error:
        raise ValueError(
            f"the last batch of an epoch is one image ({len(train)} images, recipe.batch_size {batch_size}), "
            "of which a batch norm takes no statistics: choose another batch_size"
        ) from error
