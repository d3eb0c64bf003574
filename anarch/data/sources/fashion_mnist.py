"""Fashion-MNIST: 60,000 + 10,000 grey pictures of clothes in torchvision's layout, padded to 32 x 32."""

from pathlib import Path

from torchvision import datasets

from anarch.data.dataset import Dataset
from anarch.data.sources._torchvision import load_mnist_like

MD5 = {  # of the unpacked files; torchvision knows those of the archives only
    "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
    "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
    "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
}
LICENCE = "MIT (Zalando SE)"


def load(root: Path | None, path: str, *, download: bool, pad: int = 2) -> Dataset:
    """The whole set from ``root/path/FashionMNIST/raw/``: images (N, 1, 32, 32), or 28 + 2 ``pad`` on a side.

    The default pads with zeros to the 32 x 32 that the networks are made for; ``pad=0`` keeps the raw images.
    """
    return load_mnist_like(
        "fashion_mnist", datasets.FashionMNIST, MD5, LICENCE, root, path, download=download, pad=pad
    )
