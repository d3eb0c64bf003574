"""MNIST: 60,000 + 10,000 handwritten digits in torchvision's layout, padded to 32 x 32."""

from pathlib import Path

from torchvision import datasets

from anarch.data.dataset import Dataset
from anarch.data.sources._torchvision import load_mnist_like

MD5 = {  # of the unpacked files; torchvision knows those of the archives only
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
LICENCE = "CC BY-SA 3.0 (Y. LeCun, C. Cortes)"


def load(root: Path | None, path: str, *, download: bool, pad: int = 2) -> Dataset:
    """The whole set from ``root/path/MNIST/raw/``: images (N, 1, 32, 32), or 28 + 2 ``pad`` on a side.

    The default pads with zeros to the 32 x 32 that the networks are made for; ``pad=0`` keeps the raw images.
    """
    return load_mnist_like("mnist", datasets.MNIST, MD5, LICENCE, root, path, download=download, pad=pad)
