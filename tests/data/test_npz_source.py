"""One's own .npz file: read in each layout, and every fault is one line that names file and key."""

import hashlib

import numpy as np
import pytest
import torch

from anarch.data.sources.npz import load

DRAWS = np.random.default_rng(0)


def grey(n=6):
    return DRAWS.integers(0, 256, (n, 5, 4), dtype=np.uint8)


def colour(n=6):
    return DRAWS.integers(0, 256, (n, 5, 4, 3), dtype=np.uint8)


def good(images=grey):
    return {
        "x_train": images(6),
        "y_train": np.array([0, 1, 2, 0, 1, 2]),
        "x_test": images(3),
        "y_test": np.array([2, 0, 2], np.uint8),
    }


def write(folder, arrays):
    np.savez(folder / "own.npz", **arrays)
    return folder


def refused(folder, message, path="own.npz"):
    with pytest.raises(ValueError, match=message) as caught:
        load(folder, path, download=False)
    assert "\n" not in str(caught.value) and path in str(caught.value)


def test_each_layout_gives_the_same_images(tmp_path):
    arrays = good(colour)
    last = load(write(tmp_path, arrays), "own.npz", download=False)
    first = {k: v.transpose(0, 3, 1, 2) if k[0] == "x" else v[:, None] for k, v in arrays.items()}
    again = load(write(tmp_path, first), "own.npz", download=False)
    for split in ("train", "test"):
        assert last.images[split].shape == (len(arrays[f"x_{split}"]), 3, 5, 4)
        for n, image in enumerate(arrays[f"x_{split}"]):
            assert np.array_equal(last.images[split][n].numpy(), np.moveaxis(image, 2, 0))
        assert torch.equal(last.images[split], again.images[split])
        assert torch.equal(last.labels[split], again.labels[split])
        assert last.labels[split].tolist() == arrays[f"y_{split}"].tolist()


def test_grey_images_get_one_channel(tmp_path):
    arrays = good()
    found = load(write(tmp_path, arrays), "own.npz", download=False).images["train"]
    assert found.shape == (6, 1, 5, 4) and np.array_equal(found[:, 0].numpy(), arrays["x_train"])


def test_tells_classes_checksum_and_extra_but_no_path(tmp_path):
    arrays = {**good(), "x_extra": grey(2), "y_extra": np.array([1, 1])}
    found = load(write(tmp_path, arrays), "own.npz", download=False)
    assert found.classes == 3 and set(found.images) == {"train", "test", "extra"}
    digest = hashlib.sha256((tmp_path / "own.npz").read_bytes()).hexdigest()
    assert found.checksums == {"own.npz": digest} and str(tmp_path) not in found.origin


def test_a_missing_file_says_where_it_looked_and_what_to_do(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        load(tmp_path, "sub/own.npz", download=True)
    message = str(caught.value)
    assert (
        "\n" not in message and message.startswith("npz: ") and str(tmp_path / "sub" / "own.npz") in message
    )
    assert "numpy.savez" in message and "<data_root>/sub/own.npz" in message and "ANARCH_DATA_ROOT" in message
    with pytest.raises(FileNotFoundError, match="npz: no data root is set"):
        load(None, "own.npz", download=False)
    with pytest.raises(ValueError, match="npz: `path` is empty"):
        load(tmp_path, "", download=False)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"x_test": None}, "has no x_test; it has x_train, y_test, y_train"),
        ({"y_train": None}, "has no y_train"),
        ({"x_extra": grey(2)}, "has no y_extra"),
        ({"x_train": grey().astype(float)}, "x_train must be uint8, pixels in 0..255; it is float64"),
        ({"x_test": grey()[0]}, r"x_test must be .*; it is \(5, 4\)"),
        ({"x_test": np.zeros((3, 2, 5, 4), np.uint8)}, r"x_test must be .*C 1 or 3; it is \(3, 2, 5, 4\)"),
        ({"x_test": grey(0)}, "x_test is empty"),
        ({"x_test": np.zeros((3, 4, 5), np.uint8)}, r"x_test holds images \(1, 4, 5\), x_train \(1, 5, 4\)"),
        ({"x_test": colour(3)}, r"x_test holds images \(3, 5, 4\), x_train \(1, 5, 4\)"),
        (
            {"y_test": np.array([0, 1])},
            r"y_test must be whole numbers of shape \(3,\) or \(3, 1\); it is int64 \(2,\)",
        ),
        ({"y_test": np.array([0.0, 1, 2])}, "y_test must be whole numbers .*; it is float64"),
        ({"y_test": np.eye(3, dtype=int)}, r"y_test must be whole numbers .* \(3, 3\)"),
        ({"y_test": np.array([0, -1, 1])}, "y_test must be 0 or more; it has -1"),
        ({"y_train": np.array([1, 2, 3, 1, 2, 3])}, "y_train has no label 0, but labels reach 3"),
        ({"y_test": np.array([0, 1, 7])}, "y_train has no label 3, but labels reach 7"),
        ({"y_test": np.array([None, 1, 2])}, "own.npz is corrupt or no .npz file .*allow_pickle"),
    ],
)
def test_each_fault_names_the_file_and_the_key(tmp_path, changes, message):
    arrays = {**good(), **changes}
    refused(write(tmp_path, {k: v for k, v in arrays.items() if v is not None}), message)


def test_broken_files_are_one_line(tmp_path):
    whole = write(tmp_path, good())
    content = (whole / "own.npz").read_bytes()
    (tmp_path / "half.npz").write_bytes(content[: len(content) // 2])
    refused(tmp_path, "half.npz is corrupt or no .npz file", "half.npz")
    (tmp_path / "empty.npz").write_bytes(b"")
    refused(tmp_path, "empty.npz is corrupt or no .npz file", "empty.npz")
    np.save(tmp_path / "single.npy", grey())
    refused(tmp_path, "single.npy is corrupt or no .npz file", "single.npy")
    stored = np.load(whole / "own.npz")["x_train"].tobytes()
    place = content.index(stored)
    (tmp_path / "flipped.npz").write_bytes(
        content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
    )
    refused(tmp_path, "flipped.npz is corrupt .*CRC", "flipped.npz")
