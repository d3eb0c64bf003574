"""What a prepared dataset and a training run are, as plain data: one spec, one canonical text, one digest."""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

Spec = TypeVar("Spec")

_hints: Callable[[Any], dict[str, Any]] = cache(get_type_hints)  # a config makes hundreds of specs

LIFTS = ("none", "fully_connected", "locally_connected")


@dataclass(frozen=True, kw_only=True)
class DataSpec:
    """A prepared dataset.  Sizes are numbers of images kept of each split; 0 keeps all there are."""

    source: str  # module of anarch.data.sources
    train: int = 0
    test: int = 0
    extra: int = 0
    seed: int = 0
    draw: int = 0  # which draw of training images; the test images are those of the seed alone
    side: int = 0  # stored images are averaged down to side x side pixels; 0 leaves them as they are
    permute: int | None = None  # seed of one permutation of the pixels of every image; None: as they are
    path: str = ""  # file or folder below the data root, where the source has no fixed place of its own
    held_out: int = 0  # training images that are kept from training and become the split `extra`
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a network is trained, apart from data, model and seed.  Every default switches its option off."""

    epochs: int
    batch_size: int
    lr: float
    optimiser: str = "sgd"  # one of anarch.training.optimisers, or "package.module.Name"
    optimiser_options: Mapping[str, Any] = field(default_factory=dict)  # of one with a dotted name
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0
    l1_conv: float = (
        0.0  # beta_lasso: lambda of the weights of convolutions and of what they become when lifted
    )
    l1_fc: float = 0.0  # beta_lasso: lambda of the other weights
    beta: float = 0.0  # beta_lasso: weights below beta * lambda are set to 0
    rho: float = 0.9  # adadelta: what its running means keep in a step
    sigma: float = 0.0  # evolution: standard deviation of its candidates about the mean
    pairs: int = 0  # evolution: mirrored pairs of candidates in a step
    schedule: str = "constant"  # constant | steps | cosine
    milestones: tuple[int, ...] = ()  # schedule "steps": epochs after which lr is multiplied by gamma
    gamma: float = 0.1
    augment: str = "none"  # none | crop | crop_flip
    shuffle: bool = True  # False: the same order of batches in each epoch, as in the needle authors' code
    precision: str = "fp32"  # fp32 | tf32 | bf16
    stop_at: float = 0.0  # training ends once this accuracy on the training set is reached; 0: never early
    check_every: int = 1  # epochs between looks at it, in evaluation mode
    test_every: int = 1  # epochs between looks at the test set; the first and last points are always seen


@dataclass(frozen=True, kw_only=True)
class Corruption:
    """Randomly labelled, partly blanked copies of the training images (bad_minima, Algorithm 1)."""

    replicas: int  # R copies of each image, each with a random label of its own
    zero_out: float = 0.1  # share of each copy that is blanked
    unit: str = "value"  # what is blanked: single channel values, as in the authors' code, or whole pixels


@dataclass(frozen=True, kw_only=True)
class Poison:
    """The anti-generalisation loss (blessing, eq. 2), with the split `extra` as D_d."""

    beta: float
    batch_size: int  # images of D_d that are added to each batch of the recipe's


@dataclass(frozen=True, kw_only=True)
class Model:
    """An architecture and the space that it is trained in."""

    architecture: str  # one of anarch.models, or "package.module.Name"
    options: Mapping[str, Any] = field(default_factory=dict)
    lift: str = "none"  # none | fully_connected | locally_connected
    padded_start: bool = (
        False  # a fresh fully connected layer starts as if columns on padding were in its fan_in
    )


@dataclass(frozen=True, kw_only=True)
class Start:
    """Weights of an earlier run, by its path below the study's runs/."""

    run: str
    epoch: int | None = None  # one of its snapshot epochs; None: where it ended


@dataclass(frozen=True, kw_only=True)
class RunSpec:
    """One training: data + model + initial weights + recipe + seed."""

    dataset: str
    model: Model
    recipe: Recipe
    seed: int
    start: Start | None = None  # None: fresh weights drawn from the seed, in the space that is trained
    snapshots: tuple[int, ...] = ()  # epochs whose weights are kept beside the final ones
    corruption: Corruption | None = None  # of the training images; the test images stay as they are
    poison: Poison | None = None  # None: the plain loss


def plain(spec: Any) -> dict[str, Any]:
    """``spec`` as plain data without its default values, so that a new option renames no earlier run."""
    result = {}
    for f in fields(spec):
        value = getattr(spec, f.name)
        default = f.default_factory() if f.default_factory is not MISSING else f.default
        if value != default:
            result[f.name] = plain(value) if is_dataclass(value) else value
    return result


def canonical_json(spec: Any) -> str:
    """One text for one spec: its plain data in the form of `canonical`."""
    return canonical(plain(spec))


def canonical(data: Mapping[str, Any]) -> str:
    """Plain data as JSON with sorted keys, no blanks, no NaN.  Equal data, equal bytes, equal digests."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)


def parse(kind: type[Spec], data: Mapping[str, Any]) -> Spec:
    """The inverse of :func:`plain`; an unknown or missing key, or a value of the wrong type, is a ValueError.

    Whole numbers become floats where a float is meant: ``1`` and ``1.0`` are equal and must be spelt alike.
    """
    hints = _hints(kind)
    unknown = set(data) - set(hints)
    if unknown:
        raise ValueError(f"{kind.__name__} has no {sorted(unknown)[0]!r}; it has {', '.join(hints)}")
    try:
        return kind(
            **{name: _typed(f"{kind.__name__}.{name}", hints[name], value) for name, value in data.items()}
        )
    except TypeError as error:
        raise ValueError(str(error).replace("__init__() ", "")) from None


def _typed(name: str, hint: Any, value: Any) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if get_origin(hint) is tuple:
        if not isinstance(value, list | tuple):
            raise ValueError(f"{name} must be a list, got {value!r}")
        return tuple(_typed(name, get_args(hint)[0], entry) for entry in value)
    if isinstance(hint, UnionType):  # something or nothing
        return None if value is None else _typed(name, get_args(hint)[0], value)
    if isinstance(hint, type) and is_dataclass(hint):
        return value if isinstance(value, hint) else parse(hint, value)
    simple = hint if isinstance(hint, type) else Mapping
    if simple is Mapping and isinstance(value, Mapping):  # free-form options: 1.0 is written 1
        return {k: int(v) if isinstance(v, float) and v.is_integer() else v for k, v in value.items()}
    if not isinstance(value, simple) or (isinstance(value, bool) and simple is not bool):
        raise ValueError(f"{name} must be {simple.__name__}, got {value!r}")
    return value
