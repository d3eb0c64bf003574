r"""Prepare one dataset: raw files or a generator in, one safetensors file and its manifest out.

By hand:  python workflow_scripts/prepare_data.py \
              --spec '{"source": "cluttered_digits", "train": 600, "test": 300}' --out /tmp/digits
"""

import argparse
import json
import os
from pathlib import Path

import torch

from anarch.data.dataset import statistics
from anarch.data.prepare import prepare
from anarch.workflow import paths
from anarch.workflow.specs import DataSpec, parse, plain
from shared.artefacts import file_digest, write_json
from shared.tensors import save_weights


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--spec", required=True, help="the dataset as JSON")
    parser.add_argument(
        "--root",
        type=Path,
        default=os.environ.get("ANARCH_DATA_ROOT") or None,
        help="folder of real data (default: $ANARCH_DATA_ROOT)",
    )
    parser.add_argument(
        "--download",
        action="store_true",
        default=bool(os.environ.get("ANARCH_DOWNLOAD")),
        help="let torchvision download what is missing (default: if $ANARCH_DOWNLOAD is set)",
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="folder of the prepared dataset")
    args = parser.parse_args(argv)
    torch.set_num_threads(args.threads)
    spec = parse(DataSpec, json.loads(args.spec))
    try:
        dataset = prepare(spec, args.root, download=args.download)
    except (OSError, ValueError, RuntimeError) as error:
        raise SystemExit(f"error: {error}") from None
    tensors = {f"{split}_images": images for split, images in dataset.images.items()}
    tensors |= {f"{split}_labels": labels for split, labels in dataset.labels.items()}
    save_weights(args.out / paths.DATA, tensors)
    write_json(
        args.out / paths.MANIFEST,
        {
            **statistics(dataset),
            "origin": dataset.origin,
            "licence": dataset.licence,
            "raw_sha256": dataset.checksums,
            "spec": plain(spec),
            "sha256": file_digest(args.out / paths.DATA),
        },
    )


if __name__ == "__main__":
    main()
