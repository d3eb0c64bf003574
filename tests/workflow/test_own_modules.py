"""Architectures and optimisers of one's own by dotted names: checked without torch, trained, in digests."""

import copy
import re
import sys
from pathlib import Path

import pytest
import torch
import yaml
from torch import nn

import prepare_data
import train
from anarch.cost.training import states
from anarch.models import build
from anarch.training.optimisers import make_optimiser
from anarch.workflow import digests, lineage, own_modules
from anarch.workflow.config import ConfigError, validated
from anarch.workflow.lineage import Lineage, modules_of
from anarch.workflow.specs import Recipe, RunSpec, canonical_json, parse

ROOT = Path(__file__).parents[2]
(NETWORK,) = re.findall(
    r"^\*\*`mine/networks.py`\*\*, new:\n\n```python\n(.*?)^```",
    (ROOT / "docs/EXTENDING.md").read_text(),
    re.M | re.S,
)
OPTIMISER = '''
import torch
from mine.signs import sign_of

class Signs(torch.optim.Optimizer):
    """theta <- theta - lr * scale * sign(grad)."""

    def __init__(self, params, lr: float, scale: float = 1.0):
        if scale <= 0:
            raise ValueError(f"scale must be above 0, got {scale}")
        super().__init__(params, {"lr": lr, "scale": scale})

    def step(self, closure):
        with torch.enable_grad():
            loss = closure()
        with torch.no_grad():
            for group in self.param_groups:
                for theta in group["params"]:
                    theta.sub_(sign_of(theta.grad), alpha=group["lr"] * group["scale"])
        return loss
'''
FILES = {
    "mine/__init__.py": "",
    "mine/networks.py": NETWORK,
    "mine/optimisers.py": OPTIMISER,
    "mine/signs.py": "def sign_of(grad):\n    return grad.sign()\n",
}
MODEL = {"architecture": "mine.networks.TwoScales", "options": {"channels": 2}}
SIGNS = "mine.optimisers.Signs"
RECIPE = {"epochs": 1, "batch_size": 20, "lr": 0.01, "optimiser": SIGNS}
PLAIN = {"epochs": 1, "batch_size": 2, "lr": 0.1}
SPEC = {"dataset": "digits", "model": MODEL, "recipe": RECIPE, "seed": 0}


@pytest.fixture
def mine(tmp_path, monkeypatch) -> Path:
    """A folder of one's own modules, on Python's path."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    forget()
    yield tmp_path
    forget()


def forget() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "mine"]:
        del sys.modules[name]
    for cached in (
        own_modules._folder,
        lineage._code,
        digests._facts,
        digests._known,
        digests._module_files,
        digests._neighbours,
    ):
        cached.cache_clear()


def config(**changes: object) -> dict:
    told = copy.deepcopy(yaml.safe_load((ROOT / "config/smoke.yaml").read_text()))
    protocol = told["needle"]["protocols"]["sgd"]
    protocol["model"] = {**MODEL, **changes.pop("model", {})}
    protocol["fcn"] = {**RECIPE, **changes}
    return told


def refused(**changes: object) -> str:
    with pytest.raises(ConfigError) as error:
        validated(config(**changes), ROOT)
    return str(error.value).removeprefix("config key needle.protocols.sgd.")


def test_a_config_may_name_them_and_they_are_not_imported_for_it(mine):
    runs = validated(config(optimiser_options={"scale": 2}), ROOT)["needle"]
    assert {spec.model.architecture for name, spec in runs.items() if name.startswith("sgd/")} == {
        MODEL["architecture"]
    }
    assert "mine.networks" not in sys.modules


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"model": {"architecture": "mien.networks.TwoScales"}}, "there is no module mien.networks, neither"),
        (
            {"model": {"architecture": "mine.networks.Two"}},
            "mine.networks has no Two; it has Tensor, TwoScales",
        ),
        ({"model": {"architecture": "mine..TwoScales"}}, "'mine..TwoScales' does not match"),
        ({"model": {"options": {"chanels": 2}}}, "mine.networks.TwoScales has no option 'chanels'; it has"),
        ({"model": {"options": {"channels": 0}}}, "channels must be 1 or more, got 0"),
        ({"model": {"options": {"channels": "two"}}}, "must be a whole number, got 'two'"),
        ({"optimiser": "mine.signs.Signs"}, "mine.signs has no Signs; it has sign_of"),
        ({"optimiser_options": {"scale": -1}}, f"{SIGNS}: scale must be above 0, got -1"),
        ({"optimiser_options": {"scal": 1}}, f"{SIGNS}: got an unexpected keyword argument 'scal'"),
        ({"weight_decay": 0.1}, f"has no effect: {SIGNS} does not take it; it takes optimiser_options"),
        (
            {"optimiser": "adam", "optimiser_options": {"scale": 1}},
            "has no effect: adam does not take it; it takes weight_decay",
        ),
        ({"optimiser": "adm"}, "'adm' is not one of ['sgd', "),
    ],
)
def test_mistakes_are_told_before_any_job(mine, changes, says):
    """With the key that holds them: the recipe's, the model's, or that of its architecture or option."""
    *_, last = changes
    key, told = refused(**changes).split(": ", 1)
    assert key.startswith("model" if last == "model" else f"fcn.{last}") and told.startswith(says)


def test_a_module_that_is_no_python_is_told(mine):
    (mine / "mine/networks.py").write_text("class TwoScales(:\n")
    assert refused().startswith("model.architecture: mine.networks is no Python: ")


def test_batch_norm_of_ones_own_network_is_seen(mine):
    """A batch of one image is left: refused, because the network has batch norm."""
    text = NETWORK.replace("self.head = ", "self.norm = nn.BatchNorm2d(channels)\n        self.head = ")
    (mine / "mine/networks.py").write_text(text)
    assert "batch norm, which mine.networks.TwoScales has, needs two" in refused(batch_size=199)


def test_it_is_built_and_descended_by_and_the_same_run_twice_gives_equal_bits(mine, tmp_path):
    folder = tmp_path / "digits"
    prepare_data.main(["--spec", '{"source": "digits", "train": 60, "test": 20}', "--out", str(folder)])
    for out in ("a", "b"):
        given = ["--spec", canonical_json(parse(RunSpec, SPEC)), "--data", str(folder), "--gpus", "0"]
        train.main([*given, "--out", str(tmp_path / out)])
    weights = [(tmp_path / out / "final.safetensors").read_bytes() for out in ("a", "b")]
    assert weights[0] == weights[1]
    network = build(MODEL["architecture"], (1, 8, 8), 10, channels=2)
    assert type(network).__name__ == "TwoScales"


def test_one_step_of_it_is_its_update(mine):
    layer = nn.Linear(2, 1)
    before = layer.weight.detach().clone()
    recipe = parse(Recipe, {**RECIPE, "optimiser_options": {"scale": 3}})
    layer.weight.grad, layer.bias.grad = torch.tensor([[0.5, -2.0]]), torch.zeros(1)
    make_optimiser(layer, recipe, 0).step(lambda: torch.tensor(0.0))
    torch.testing.assert_close(layer.weight.detach(), before - 0.03 * torch.tensor([[1.0, -1.0]]))
    assert states(recipe) == 2


def test_one_of_torchs_needs_no_module(mine):
    recipe = Recipe(
        epochs=1, batch_size=1, lr=0.1, optimiser="torch.optim.NAdam", optimiser_options={"betas": [0.5, 0.6]}
    )
    made = make_optimiser(nn.Linear(1, 1), recipe, 0)
    assert isinstance(made, torch.optim.NAdam) and made.param_groups[0]["betas"] == [0.5, 0.6]
    told = config(optimiser="torch.optim.NAdam")
    assert validated(told, ROOT)
    with pytest.raises(ValueError, match=r"recipe.optimiser: the module torch.optim has no NAdm"):
        make_optimiser(
            nn.Linear(1, 1), Recipe(epochs=1, batch_size=1, lr=0.1, optimiser="torch.optim.NAdm"), 0
        )


def test_what_build_and_lift_say_of_them(mine):
    with pytest.raises(
        ValueError, match=r"no architecture 'mine.networks.Two': the module mine.networks has no Two"
    ):
        build("mine.networks.Two", (1, 8, 8), 10)


def test_an_edit_changes_the_digest_of_what_uses_it_and_of_nothing_else(mine):
    own = parse(RunSpec, SPEC)
    plain = parse(RunSpec, {**SPEC, "model": {"architecture": "mlp"}, "recipe": PLAIN})
    runs = {"needle": {"own": own, "plain": plain}}

    def told() -> dict[str, str]:
        forget()
        found = Lineage(ROOT, {"digits": {"source": "digits"}}, runs)
        return {
            "own": found.trained("needle", "own"),
            "plain": found.trained("needle", "plain"),
            "measured": found.measured("measure.py", "needle", ["own"]),
        }

    before = told()
    assert told() == before
    for file, old, new in (
        ("mine/networks.py", "relu()", "tanh()"),
        ("mine/signs.py", "grad.sign()", "-grad.sign()"),
        ("mine/__init__.py", "", "X = 1\n"),
    ):
        text = (mine / file).read_text()
        (mine / file).write_text(text.replace(old, new) if old else new)
        after = told()
        assert after["own"] != before["own"] and after["measured"] != before["measured"], file
        assert after["plain"] == before["plain"], file
        before = after
    (mine / "mine/signs.py").write_text("# why\n" + (mine / "mine/signs.py").read_text())
    assert told() == before


def test_of_an_installed_library_its_version_counts(monkeypatch):
    """torchvision is a library: its code is not read, and another version is another digest."""
    spec = parse(
        RunSpec,
        {
            **SPEC,
            "model": {"architecture": "torchvision.models.resnet18"},
            "recipe": {"epochs": 1, "batch_size": 2, "lr": 0.1},
        },
    )
    forget()
    before = digests.code_digest(ROOT, "train.py", modules_of(spec))
    assert all(file.is_relative_to(ROOT) for file in digests.code_files(ROOT, "train.py", modules_of(spec)))
    monkeypatch.setattr(digests, "version", lambda name: "0")
    assert digests.code_digest(ROOT, "train.py", modules_of(spec)) != before


def test_a_file_beside_the_snakefile_is_found_without_a_path(tmp_path):
    (tmp_path / "nets.py").write_text(NETWORK)
    forget()
    assert own_modules.module_file(tmp_path, "nets") == tmp_path / "nets.py"
    own_modules.require_defined("model.architecture", "nets.TwoScales", tmp_path)
    assert own_modules.module_file(tmp_path, "json") is None
