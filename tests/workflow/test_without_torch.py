"""What a function refuses without torch is what it refuses with it, in the same words."""

import inspect
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
from torch import nn

from anarch.data.prepare import known_sources, prepare
from anarch.models import architectures, build
from anarch.workflow.datasets import GENERATED
from anarch.workflow.specs import DataSpec, parse
from anarch.workflow.validation.networks import has_batch_norm
from anarch.workflow.without_torch import WithoutTorch

ROOT = Path(__file__).parents[2]
SHAPES = ((3, 32, 32), (1, 17, 16), (1, 7, 8))
# One option each, valid and not, tried on every architecture: most have no such option.
OPTIONS = (
    {}, {"channels": 4}, {"channels": 0}, {"chanels": 3}, {"depth": 13}, {"depth": 18}, {"depth": 40},
    {"depth": 44}, {"kernel": 2}, {"kernel": 5}, {"alpha": 1}, {"alpha": -1}, {"block": 0}, {"block": 9},
    {"norm": True}, {"norm": "unit"}, {"norm": "layer"}, {"hidden": [5, 0]}, {"hidden": [5]},
    {"activation": "sine"}, {"classes": 3}, {"bottleneck": False},
)  # fmt: skip


@pytest.fixture(scope="module")
def library():
    return WithoutTorch(ROOT)


def outcome(function, *args, **kwargs):
    try:
        return function(*args, **kwargs), None
    except (ValueError, TypeError) as error:  # TypeError: an argument twice, which only the true one raises
        return None, str(error)


@pytest.mark.parametrize("architecture", [*architectures(), "stack", "resnet1"])
def test_architectures(library, architecture):
    small = dict.fromkeys(("channels", "alpha"), 1)  # at the default widths the true ones take seconds
    for shape, options in product(SHAPES, OPTIONS):
        if architecture in architectures():
            known = inspect.signature(getattr(library.module(f"anarch.models.{architecture}"), architecture))
            options = {key: 1 for key in small if key in known.parameters} | options
        arguments = (architecture, shape, 10)
        made, refused = outcome(library.call, "anarch.models", "build", *arguments, **options)
        network, truly = outcome(build, *arguments, **options)
        if "classes" in options:
            assert "multiple values for argument 'classes'" in refused and refused in truly
            continue
        assert refused == truly, (shape, options)
        if network is not None:
            norms = any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in network.modules())
            assert has_batch_norm(made) == norms, (shape, options)


@pytest.mark.parametrize(
    "options",
    [
        {"source": "cluttered_digits", "train": 2},
        {"source": "cluttered_digits", "train": 2, "test": 2, "held_out": 1},
        {"source": "cluttered_digits", "train": 2, "test": 2, "side": 8},
        {"source": "cluttered_digits", "train": 2, "test": 2, "options": {"canvas": 3}},
        {"source": "cluttered_digits", "train": 2, "test": 2, "options": {"canvs": 32}},
        {"source": "cluttered_digits", "train": 2, "test": 2, "options": {"digits": 3}},
        {"source": "cluttered_digits", "train": 2, "test": 2, "options": {"noise": -0.5}},
        {"source": "digits", "options": {"pad": 2}},
        {"source": "digits", "held_out": 2, "extra": 3},
        {"source": "mnist", "options": {"pad": -1}},
        {"source": "npz"},
        {"source": "_stored"},
        {"source": "imagenette"},
    ],
)
def test_sources(library, options):
    spec = parse(DataSpec, options)
    _, refused = outcome(library.call, "anarch.data.prepare", "prepare", spec, None)
    _, truly = outcome(prepare, spec, None)
    assert refused == truly and refused


def test_every_architecture_and_source_of_ours_is_read(library):
    for name in architectures():
        assert callable(getattr(library.module(f"anarch.models.{name}"), name))
    for name in known_sources():
        function = "generate" if name in GENERATED else "load"
        assert callable(getattr(library.module(f"anarch.data.sources.{name}"), function))


def test_what_only_tensors_can_tell_is_left_to_the_job(tmp_path):
    (tmp_path / "anarch").mkdir()
    (tmp_path / "anarch" / "mine.py").write_text(
        "import torch\n"
        "from torch import nn\n"
        "class Layer(nn.Module):\n"
        "    def __init__(self, width: int | torch.Tensor):\n"
        "        super().__init__()\n"
        "        self.register_buffer('weight', torch.ones(width))\n"
        "def compared(width):\n"
        "    try:\n"
        "        if torch.ones(width).sum() != width:\n"
        "            raise ValueError('unequal')\n"
        "    except Exception:\n"
        "        raise ValueError('caught') from None\n"
        "def listed(width):\n"
        "    for part in torch.ones(width):\n"
        "        raise ValueError('iterated')\n"
        "def derived(width):\n"
        "    Layer(width)\n"
        "    raise ValueError('built')\n"
        "def tested(width):\n"
        "    if not isinstance(torch.ones(width), torch.Tensor):\n"
        "        raise ValueError('no tensor')\n"
        "def kept(width):\n"
        "    if not isinstance(nn.Linear(width, 1), nn.Module):\n"
        "        raise ValueError('no module')\n"
        "def typed(width):\n"
        "    if torch.ones(width).dtype != torch.float32:\n"
        "        raise ValueError('another type')\n"
        "def printed(width):\n"
        "    if f'{torch.ones(width).dtype}' != 'torch.float32':\n"
        "        raise ValueError('another type')\n"
        "def checked(width):\n"
        "    nn.BatchNorm1d(width)\n"
        "    if width < 1 or isinstance(nn.Linear(width, 1), nn.Conv2d):\n"
        "        raise ValueError('too narrow')\n"
    )
    mine = WithoutTorch(tmp_path)
    for function in ("compared", "listed", "derived", "tested", "kept", "typed", "printed", "nowhere"):
        mine.call("anarch.mine", function, 0)
    assert has_batch_norm(mine.call("anarch.mine", "checked", 1))
    with pytest.raises(ValueError, match="too narrow"):
        mine.call("anarch.mine", "checked", 0)
    with pytest.raises(ValueError, match="unexpected keyword argument 'height'"):
        mine.call("anarch.mine", "checked", 1, height=2)
    mine.call("anarch.yours", "checked", 1)  # no such module: its job tells


def test_a_module_that_computes_while_it_is_imported_is_left_to_the_job(tmp_path):
    (tmp_path / "anarch").mkdir()
    (tmp_path / "anarch" / "mine.py").write_text("import torch\nTABLE = torch.ones(3) + 1\ndef load(): 0\n")
    mine = WithoutTorch(tmp_path)
    assert mine.function("anarch.mine", "load") is None and not mine.call("anarch.mine", "load")


def test_no_torch_is_imported():
    code = (
        "import sys, yaml; from pathlib import Path; from anarch.workflow.config import validated;"
        "validated(yaml.safe_load(Path('config/smoke.yaml').read_text()), Path.cwd());"
        "sys.exit(bool({'torch', 'torchvision', 'sklearn', 'pandas'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0
