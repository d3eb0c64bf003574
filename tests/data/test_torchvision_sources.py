"""torchvision's layouts, from small files whose md5 is put in the place of the published one."""

import hashlib
import pickle
import struct
from urllib.error import URLError

import numpy as np
import pytest
import torch
from scipy.io import savemat
from torchvision import datasets

from anarch.data.sources import cifar10, cifar100, fashion_mnist, mnist, svhn

DRAWS = np.random.default_rng(0)


def md5(file):
    return hashlib.md5(file.read_bytes()).hexdigest()


def write_cifar(root, monkeypatch, kind, labels_key, classes):
    """One batch of 4 train and one of 3 test images in ``kind``'s layout; returns the train pixels."""
    folder = root / kind.base_folder
    folder.mkdir(parents=True)
    pixels = {
        "a_train": DRAWS.integers(0, 256, (4, 3072), np.uint8),
        "a_test": DRAWS.integers(0, 256, (3, 3072), np.uint8),
    }
    for name, data in pixels.items():
        labels = [classes - 1 - i for i in range(len(data))]
        (folder / name).write_bytes(pickle.dumps({"data": data, labels_key: labels}, protocol=2))
    names = {kind.meta["key"]: [str(i) for i in range(classes)]}
    (folder / "meta_file").write_bytes(pickle.dumps(names, protocol=2))
    monkeypatch.setattr(kind, "train_list", [["a_train", md5(folder / "a_train")]])
    monkeypatch.setattr(kind, "test_list", [["a_test", md5(folder / "a_test")]])
    monkeypatch.setattr(
        kind, "meta", {**kind.meta, "filename": "meta_file", "md5": md5(folder / "meta_file")}
    )
    return pixels["a_train"]


def write_mnist(root, monkeypatch, module, name):
    """5 train and 2 test images in the idx format; returns the train pixels."""
    folder = root / name / "raw"
    folder.mkdir(parents=True)
    train = DRAWS.integers(0, 256, (5, 28, 28), np.uint8)
    for stem, images in (("train", train), ("t10k", train[:2])):
        header = struct.pack(">4i", 2051, *images.shape)
        (folder / f"{stem}-images-idx3-ubyte").write_bytes(header + images.tobytes())
        labels = np.arange(len(images), dtype=np.uint8)
        (folder / f"{stem}-labels-idx1-ubyte").write_bytes(
            struct.pack(">2i", 2049, len(images)) + labels.tobytes()
        )
    monkeypatch.setattr(module, "MD5", {file: md5(folder / file) for file in module.MD5})
    return train


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    """No test reaches the network, whatever it does wrong."""

    def fail(self):
        raise URLError("no network in tests\nand a second line")

    for kind in (datasets.CIFAR10, datasets.MNIST, datasets.SVHN):
        monkeypatch.setattr(kind, "download", fail)


@pytest.mark.parametrize(
    "module, kind, key, classes",
    [(cifar10, datasets.CIFAR10, "labels", 10), (cifar100, datasets.CIFAR100, "fine_labels", 100)],
)
def test_cifar_comes_channel_first_with_labels_and_checksums(
    tmp_path, monkeypatch, module, kind, key, classes
):
    pixels = write_cifar(tmp_path / "sub", monkeypatch, kind, key, classes)
    for download in (False, True):  # what is there is not downloaded
        found = module.load(tmp_path, "sub", download=download)
    assert np.array_equal(found.images["train"].numpy(), pixels.reshape(4, 3, 32, 32))
    assert (
        found.labels["train"].tolist() == [classes - 1 - i for i in range(4)]
        and len(found.labels["test"]) == 3
    )
    assert found.classes == classes and found.images["train"].is_contiguous()
    file = tmp_path / "sub" / kind.base_folder / "a_test"
    assert found.checksums[f"{kind.base_folder}/a_test"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert len(found.checksums) == 3 and str(tmp_path) not in found.origin


@pytest.mark.parametrize("module, name", [(mnist, "MNIST"), (fashion_mnist, "FashionMNIST")])
def test_mnist_likes_are_padded_to_32_unless_told_otherwise(tmp_path, monkeypatch, module, name):
    pixels = torch.from_numpy(write_mnist(tmp_path, monkeypatch, module, name))
    found = module.load(tmp_path, "", download=False)
    images = found.images["train"]
    assert images.shape == (5, 1, 32, 32) and torch.equal(images[:, 0, 2:30, 2:30], pixels)
    assert images.long().sum() == pixels.long().sum()  # the frame is black
    assert found.labels["train"].tolist() == [0, 1, 2, 3, 4] and found.classes == 10
    assert torch.equal(module.load(tmp_path, "", download=False, pad=0).images["train"][:, 0], pixels)
    with pytest.raises(ValueError, match=r"option `pad` must be a number of pixels, 0 or more; got -1"):
        module.load(tmp_path, "", download=False, pad=-1)


def test_svhn_has_digit_zero_as_label_zero_and_extra_where_its_file_lies(tmp_path, monkeypatch):
    images = DRAWS.integers(0, 256, (32, 32, 3, 4), np.uint8)
    listed = {}
    for split, (url, name, _) in datasets.SVHN.split_list.items():
        savemat(tmp_path / name, {"X": images, "y": np.array([[10], [1], [9], [10]])})
        listed[split] = [url, name, md5(tmp_path / name)]
    monkeypatch.setattr(datasets.SVHN, "split_list", listed)
    found = svhn.load(tmp_path, "", download=False)
    assert set(found.images) == {"train", "test", "extra"} and set(found.checksums) == {
        v[1] for v in listed.values()
    }
    assert found.labels["train"].tolist() == [0, 1, 9, 0]
    assert np.array_equal(found.images["test"].numpy(), images.transpose(3, 2, 0, 1))
    (tmp_path / "extra_32x32.mat").unlink()
    assert set(svhn.load(tmp_path, "", download=False).images) == {"train", "test"}
    with pytest.raises(FileNotFoundError, match=r"svhn: found no extra_32x32.mat in"):
        svhn.load(tmp_path, "", download=False, extra=True)


SOURCES = [
    (cifar10, "cifar10", "cifar-10-batches-py/"),
    (cifar100, "cifar100", "cifar-100-python/"),
    (mnist, "mnist", "MNIST/raw/"),
    (fashion_mnist, "fashion_mnist", "FashionMNIST/raw/"),
    (svhn, "svhn", "{train,test}_32x32.mat"),
]


@pytest.mark.parametrize("module, name, layout", SOURCES)
def test_missing_data_is_one_line_with_the_three_ways_to_get_them(tmp_path, module, name, layout):
    with pytest.raises(FileNotFoundError) as caught:
        module.load(tmp_path, "", download=False)
    message = str(caught.value)
    assert "\n" not in message and message.startswith(f"{name}: found no ") and str(tmp_path) in message
    for way in ("`download: true`", f"<data_root>/{layout}", "ANARCH_DATA_ROOT"):
        assert way in message
    with pytest.raises(FileNotFoundError, match=rf"^{name}: no data root is set; .*download: true"):
        module.load(None, "", download=True)


@pytest.mark.parametrize("module, name, layout", SOURCES)
def test_a_failed_download_is_one_line(tmp_path, module, name, layout):
    with pytest.raises(
        FileNotFoundError, match=rf"^{name}: the download to .* failed .*no network in tests and"
    ) as caught:
        module.load(tmp_path / "new", "", download=True)
    assert "\n" not in str(caught.value) and layout in str(caught.value)


def test_a_download_is_used(tmp_path, monkeypatch):
    """The files come only when torchvision is asked to download."""
    write_cifar(tmp_path / "server", monkeypatch, datasets.CIFAR10, "labels", 10)
    folder = datasets.CIFAR10.base_folder

    def download(self):
        (tmp_path / "server" / folder).rename(self.root / folder)

    monkeypatch.setattr(datasets.CIFAR10, "download", download)
    assert len(cifar10.load(tmp_path / "here", "", download=True).labels["train"]) == 4


def test_a_corrupt_file_is_named_and_not_read(tmp_path, monkeypatch):
    write_cifar(tmp_path, monkeypatch, datasets.CIFAR10, "labels", 10)
    write_mnist(tmp_path, monkeypatch, mnist, "MNIST")
    for module, name in (
        (cifar10, "cifar-10-batches-py/a_test"),
        (mnist, "MNIST/raw/train-images-idx3-ubyte"),
    ):
        module.load(tmp_path, "", download=False)
        content = bytearray((tmp_path / name).read_bytes())
        content[-7] ^= 1
        (tmp_path / name).write_bytes(content)
        with pytest.raises(
            ValueError, match=rf"{tmp_path / name} is corrupt .its md5 is not the published"
        ) as caught:
            module.load(tmp_path, "", download=False)
        assert "\n" not in str(caught.value)


def test_mnist_does_not_read_the_unchecked_files_of_an_old_torchvision(tmp_path, monkeypatch):
    pixels = write_mnist(tmp_path, monkeypatch, mnist, "MNIST")
    (tmp_path / "MNIST" / "processed").mkdir()
    for file in ("training.pt", "test.pt"):
        torch.save(
            (torch.zeros(1, 28, 28, dtype=torch.uint8), torch.zeros(1)),
            tmp_path / "MNIST" / "processed" / file,
        )
    found = mnist.load(tmp_path, "", download=False, pad=0)
    assert np.array_equal(found.images["train"][:, 0].numpy(), pixels)
