"""CINIC-10 and Restricted ImageNet from tiny folders of the real layouts."""

import hashlib
import random

import numpy as np
import pytest
import torch
from PIL import Image

from anarch.data.sources import cinic10, restricted_imagenet
from anarch.data.sources._folders import class_folders
from anarch.data.sources.restricted_imagenet import SUPERCLASSES, superclass_labels

WNIDS = [f"n{1000 + 3 * i:08d}" for i in range(1000)]
EDGES = sorted(
    {index for first, last in SUPERCLASSES.values() for index in (first - 1, first, last, last + 1)}
)


def picture(seed, height=32, width=32):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def save(pixels, file, kind="PNG"):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file, format=kind)


@pytest.fixture
def cinic(tmp_path):
    for split, n in (("train", 2), ("test", 1)):
        for label, name in enumerate(cinic10.CLASSES):
            for i in range(n):
                save(picture((len(split), label, i)), tmp_path / "CINIC-10" / split / name / f"{i}.png")
    return tmp_path


def test_cinic10_reads_every_picture_with_its_class(cinic):
    (cinic / "CINIC-10" / "train" / "airplane" / "notes.txt").write_text("no picture")
    found = cinic10.load(cinic, "", download=False)
    assert set(found.images) == {"train", "test"} and found.classes == 10
    assert found.labels["train"].tolist() == [label for label in range(10) for _ in range(2)]
    for row in range(20):
        expected = picture((5, row // 2, row % 2))
        assert np.array_equal(found.images["train"][row].numpy(), expected.transpose(2, 0, 1))
    assert str(cinic) not in found.origin


def test_by_products_of_file_managers_are_no_pictures_and_no_classes(cinic):
    """macOS writes ._0.png beside 0.png on foreign disks: 4 KiB that are no PNG."""
    before = cinic10.load(cinic, "", download=False)
    train = cinic / "CINIC-10" / "train"
    (train / "airplane" / "._0.png").write_bytes(b"\x00\x05\x16\x07" + bytes(100))
    (train / ".thumbnails").mkdir()
    after = cinic10.load(cinic, "", download=False)
    assert torch.equal(after.images["train"], before.images["train"]) and after.checksums == before.checksums
    assert class_folders(train) == sorted(cinic10.CLASSES)


def test_cinic10_takes_valid_as_extra_and_another_folder(cinic):
    (cinic / "CINIC-10").rename(cinic / "mine")
    for name in cinic10.CLASSES:
        save(picture(1), cinic / "mine" / "valid" / name / "a.png")
    found = cinic10.load(cinic, "mine", download=False)
    assert found.images["extra"].shape == (10, 3, 32, 32) and set(found.checksums) == {
        "train/",
        "test/",
        "valid/",
    }


def test_cinic10_makes_grey_pictures_colour(cinic):
    grey = picture(9)[:, :, 0]
    save(grey, cinic / "CINIC-10" / "test" / "airplane" / "0.png")
    found = cinic10.load(cinic, "", download=False).images["test"][0]
    assert all(np.array_equal(channel.numpy(), grey) for channel in found)


def test_the_checksum_tells_a_changed_pixel_and_a_renamed_file(cinic):
    before = cinic10.load(cinic, "", download=False).checksums
    listing = hashlib.sha256()
    for name in cinic10.CLASSES:
        content = (cinic / "CINIC-10" / "test" / name / "0.png").read_bytes()
        listing.update(f"{name}/0.png {hashlib.sha256(content).hexdigest()}\n".encode())
    assert before["test/"] == listing.hexdigest()
    pixels = picture((5, 3, 1))
    pixels[0, 0, 0] ^= 1
    save(pixels, cinic / "CINIC-10" / "train" / "cat" / "1.png")
    changed = cinic10.load(cinic, "", download=False).checksums
    assert changed["train/"] != before["train/"] and changed["test/"] == before["test/"]
    file = cinic / "CINIC-10" / "test" / "cat" / "0.png"
    file.rename(file.with_name("1.png"))
    assert cinic10.load(cinic, "", download=False).checksums["test/"] != before["test/"]


def one_line(caught):
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_cinic10_says_what_is_missing_and_where_it_looked(tmp_path, cinic):
    with pytest.raises(FileNotFoundError, match=r"cinic10: found no folder train in") as caught:
        cinic10.load(tmp_path / "nowhere", "", download=True)
    message = one_line(caught)
    for part in (
        str(tmp_path / "nowhere"),
        "<data_root>/CINIC-10/",
        "ANARCH_DATA_ROOT",
        "unpack CINIC-10.tar.gz",
    ):
        assert part in message
    (cinic / "CINIC-10" / "test" / "frog").rename(cinic / "elsewhere")
    with pytest.raises(ValueError, match=r"cinic10: .*test lacks the class folder frog") as caught:
        cinic10.load(cinic, "", download=False)
    one_line(caught)


def test_cinic10_names_a_picture_of_the_wrong_size_or_broken(cinic):
    file = cinic / "CINIC-10" / "train" / "dog" / "1.png"
    save(picture(0, 30, 32), file)
    with pytest.raises(ValueError, match=r"dog/1.png must be 32 x 32, it is 32 x 30$") as caught:
        cinic10.load(cinic, "", download=False)
    one_line(caught)
    save(picture(0), file)
    whole = file.read_bytes()
    for content in (b"", b"not a picture", whole[: len(whole) // 2]):
        file.write_bytes(content)
        with pytest.raises(ValueError, match=r"cinic10: .*dog/1.png is corrupt") as caught:
            cinic10.load(cinic, "", download=False)
        one_line(caught)


def test_superclasses_are_ranges_of_the_sorted_wnids():
    shuffled = random.Random(0).sample(WNIDS, len(WNIDS))
    labels = superclass_labels(shuffled)
    expected = {
        WNIDS[index]: label
        for label, (first, last) in enumerate(SUPERCLASSES.values())
        for index in range(first, last + 1)
    }
    assert labels == expected and len(labels) == 118 + 5 + 3 + 5 + 21 + 18 + 9 + 4 + 20
    assert list(SUPERCLASSES)[labels[WNIDS[281]]] == "cat" and WNIDS[286] not in labels


@pytest.fixture
def ilsvrc(tmp_path):
    """Folders at the edges of each range and just outside, with one lossless picture each."""
    place = tmp_path / "imagenet"
    for split in ("train", "val"):
        for index in EDGES:
            save(picture((index, len(split)), 64, 96), place / split / WNIDS[index] / "a.JPEG")
    (place / "wnids.txt").write_text("\n".join(random.Random(1).sample(WNIDS, len(WNIDS))))
    return tmp_path


def test_restricted_imagenet_takes_the_ranges_and_averages_boxes(ilsvrc):
    found = restricted_imagenet.load(ilsvrc, "", download=False)
    inside = [(i, label) for i in EDGES for label, (a, b) in enumerate(SUPERCLASSES.values()) if a <= i <= b]
    assert found.classes == 9 and found.labels["train"].tolist() == [label for _, label in inside]
    for row, (index, _) in enumerate(inside):
        boxes = picture((index, 3), 64, 96).reshape(32, 2, 32, 3, 3).astype(float).mean((1, 3))
        difference = found.images["test"][row].numpy() - boxes.transpose(2, 0, 1)
        assert np.abs(difference).max() <= 1  # Pillow rounds once a direction


def test_restricted_imagenet_reads_jpeg_of_any_mode(ilsvrc):
    file = ilsvrc / "imagenet" / "val" / WNIDS[30] / "a.JPEG"
    red = np.full((333, 500, 3), (200, 40, 90), np.uint8)
    save(red, file, "JPEG")
    grey = np.full((90, 120), 130, np.uint8)
    save(grey, file.with_name("b.JPEG"), "JPEG")
    Image.fromarray(red).convert("CMYK").save(file.with_name("c.JPEG"), format="JPEG")
    found = restricted_imagenet.load(ilsvrc, "", download=False)
    first = torch.tensor([200.0, 40, 90])
    frogs = found.images["test"][found.labels["test"] == list(SUPERCLASSES).index("frog")].double()
    assert (frogs[0].flatten(1).T - first).abs().max() <= 4 and (frogs[1] - 130).abs().max() <= 4
    assert (frogs[2].flatten(1).T - first).abs().max() <= 6


def test_restricted_imagenet_needs_all_wnids(ilsvrc):
    place = ilsvrc / "imagenet"
    (place / "wnids.txt").write_text("\n".join(WNIDS[:999]))
    with pytest.raises(ValueError, match=r"wnids.txt names 999 classes") as caught:
        restricted_imagenet.load(ilsvrc, "", download=False)
    one_line(caught)
    (place / "wnids.txt").unlink()
    with pytest.raises(ValueError, match=rf"train names {len(EDGES)} classes"):
        restricted_imagenet.load(ilsvrc, "", download=False)
    for wnid in WNIDS:
        (place / "train" / wnid).mkdir(exist_ok=True)
    assert len(restricted_imagenet.load(ilsvrc, "", download=False).labels["train"]) == 18


def test_restricted_imagenet_names_the_superclass_without_pictures(ilsvrc):
    for index in SUPERCLASSES["crab"]:
        (ilsvrc / "imagenet" / "val" / WNIDS[index] / "a.JPEG").unlink()
    with pytest.raises(ValueError, match=r"val holds no picture of superclass crab, ILSVRC indices 118..121"):
        restricted_imagenet.load(ilsvrc, "", download=False)


def test_restricted_imagenet_says_what_is_missing(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"restricted_imagenet: found no folder train in .*ANARCH_DATA_ROOT"
    ):
        restricted_imagenet.load(tmp_path, "", download=True)
    (tmp_path / "imagenet" / "train").mkdir(parents=True)
    (tmp_path / "imagenet" / "val").mkdir()
    (tmp_path / "imagenet" / "wnids.txt").write_text("\n".join(WNIDS))
    with pytest.raises(ValueError, match=r"no class folder of .*train holds a picture"):
        restricted_imagenet.load(tmp_path, "", download=True)
