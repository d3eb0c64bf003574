"""Prepared images as a network gets them."""

import torch
from safetensors.torch import save_file

from anarch.workflow import paths
from shared.artefacts import file_digest, write_json
from shared.tensors import load_examples


def test_a_constant_channel_is_zero_and_the_others_are_normalised(tmp_path):
    images = (torch.arange(90).view(5, 2, 3, 3) * 37 % 256).to(torch.uint8)
    images[:, 1] = 51
    pixels = images[:, 0].double() / 255
    save_file({"train_images": images, "train_labels": torch.arange(5)}, tmp_path / paths.DATA)
    mean, std = [pixels.mean().item(), 0.2], [pixels.std(correction=0).item(), 0.0]
    manifest = {"splits": {"train": {"size": 5}}, "mean": mean, "std": std}
    write_json(tmp_path / paths.MANIFEST, manifest | {"sha256": file_digest(tmp_path / paths.DATA)})
    inputs = load_examples(tmp_path, torch.device("cpu"))["train"].inputs()
    wanted = torch.stack(((pixels - mean[0]) / std[0], torch.zeros(5, 3, 3, dtype=torch.float64)), 1)
    torch.testing.assert_close(inputs.double(), wanted, rtol=1e-5, atol=1e-6)
