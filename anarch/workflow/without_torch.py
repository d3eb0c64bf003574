"""Functions of modules that import torch, called without it, to hear what they refuse of their arguments.

The Snakefile is read at each start and, on a cluster, in each job, and importing torch takes seconds.  What
an architecture or a source cannot do its own function says, mostly before it touches a tensor.  So the
module's source is executed here with stand-ins for all that is neither the project's nor Python's own: no
limit is declared twice, and an architecture of the user's is checked like ours.
"""

import builtins
import inspect
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, NoReturn

from anarch.workflow.own_modules import is_installed, module_file

# What a computation would do with a stand-in.  Calls, attributes, base classes and `|` of types are none.
OPERATIONS = (
    "bool", "len", "iter", "getitem", "setitem", "contains", "enter", "int", "float", "index", "neg", "abs",
    "lt", "le", "gt", "ge", "add", "radd", "sub", "rsub", "mul", "rmul", "matmul", "rmatmul",
    "truediv", "rtruediv", "floordiv", "rfloordiv", "mod", "rmod", "pow", "rpow", "str", "format",
)  # fmt: skip


class Unknown(BaseException):
    """Only the library itself could tell.  No ``except Exception`` of a function that asks may catch it."""


@dataclass(frozen=True)
class Call:
    """A call of a stand-in, such as ``skip_init(nn.Linear, 3, 2, bias=False)``."""

    names: tuple[str, ...]  # what is called and those arguments that are stand-ins as well, with their paths
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]


class StandIn:
    """What torch, or another library, has under a name, or what a call of that has returned."""

    def __init__(self, calls: list[Call], name: str, made_by: tuple[str, ...] = ()):
        self._calls, self._name, self._made_by = calls, name, made_by

    def __getattr__(self, name: str) -> "StandIn":
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(self._calls, f"{self._name}.{name}")

    def __call__(self, *args: Any, **kwargs: Any) -> "StandIn":
        names = (self._name, *(arg._name for arg in args if isinstance(arg, StandIn)))
        self._calls.append(Call(names, args, kwargs))
        return StandIn(self._calls, f"{self._name}()", names)

    def __instancecheck__(self, value: object) -> bool:
        if not isinstance(value, StandIn | Derived):
            return False
        made_by = value._made_by if isinstance(value, StandIn) else ()
        if self._name not in made_by and not self._is_sibling(made_by):
            raise Unknown(self._name)
        return self._name in made_by

    def _is_sibling(self, made_by: tuple[str, ...]) -> bool:
        """Whether this is another class beside that of what was made, as Conv2d is beside ReLU."""
        house, _, name = self._name.rpartition(".")
        beside = [other.rpartition(".") for other in made_by]
        return name != "Module" and any(part[0] == house and part[2][0].isupper() for part in beside)

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        return (Derived,)

    def __or__(self, other: object) -> "StandIn":
        return self

    __ror__ = __or__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StandIn) or "()" in self._name + other._name:
            raise Unknown(self._name)
        return self._name == other._name

    def __hash__(self) -> int:
        return hash(self._name)


class Derived:
    """Base of a class that is derived from a stand-in."""

    def __init__(self, *args: Any, **kwargs: Any):
        pass

    def __getattr__(self, name: str) -> NoReturn:
        raise Unknown(name)


def _unknown(self: StandIn, *args: Any) -> NoReturn:
    raise Unknown(self._name)


for _operation in OPERATIONS:
    setattr(StandIn, f"__{_operation}__", _unknown)


def _bind(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    try:
        inspect.signature(function).bind(*args, **kwargs)
    except TypeError as error:
        raise ValueError(str(error)) from None


class WithoutTorch:
    """The modules of the project below ``root`` and one's own; those in ``absent`` are stand-ins as well."""

    def __init__(self, root: Path, absent: Collection[str] = ()):
        self.root, self._absent = root, absent
        self._modules: dict[str, ModuleType] = {}
        self._calls: list[Call] = []

    def call(self, module: str, function: str, *args: Any, **kwargs: Any) -> Sequence[Call]:
        """Call ``function`` of ``module`` to its end, or to where it needs more than a stand-in can tell.

        Returns:
            the calls of stand-ins up to there: of an architecture, its layers.

        Raises:
            ValueError, OSError: the function's own, or it does not take these arguments.
        """
        called = self.function(module, function)
        self._calls.clear()  # of the module itself
        if called is None:
            return ()
        try:
            _bind(called, args, kwargs)
            called(*args, **kwargs)
        except (ValueError, OSError):
            raise
        except (Unknown, Exception):  # what fails in another way is for the job to tell, which has torch
            pass
        return tuple(self._calls)

    def unknown(self, name: str) -> StandIn:
        """What nothing is known of but its ``name``, to be an argument of a `call`."""
        return StandIn(self._calls, name)

    def function(self, module: str, name: str) -> Callable[..., Any] | None:
        """The function ``name`` of ``module``, for its signature; None where stand-ins do not get so far."""
        try:
            return getattr(self.module(module), name, None)
        except (Unknown, Exception):
            return None

    def module(self, name: str) -> ModuleType:
        """The module ``name``, on stand-ins."""
        if name not in self._modules:
            file = self._file(name)
            if file is None:
                raise ModuleNotFoundError(f"there is no module {name} below {self.root}")
            module = ModuleType(name)
            module.__file__ = str(file)
            module.__path__ = [str(file.parent)] if file.name == "__init__.py" else []
            module.__dict__["__builtins__"] = {**vars(builtins), "__import__": self._import}
            exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), module.__dict__)
            self._modules[name] = module
        return self._modules[name]

    def _file(self, name: str) -> Path | None:
        file = module_file(self.root, name)
        return None if file is None or is_installed(file) else file

    def _import(
        self,
        name: str,
        namespace: Mapping[str, Any] | None = None,
        local: Mapping[str, Any] | None = None,
        names: Sequence[str] = (),
        level: int = 0,
    ) -> Any:
        """What `import` calls; of the project's and one's own only as ``from package.module import name``."""
        top = name.partition(".")[0]
        if name == "importlib":
            return SimpleNamespace(import_module=self.module)
        if top in sys.stdlib_module_names:
            return builtins.__import__(name, namespace, local, names, level)
        if name in self._absent or self._file(name) is None:
            return StandIn(self._calls, name if names else top)
        found = self.module(name)
        for each in names:
            if not hasattr(found, each) and self._file(f"{name}.{each}"):
                setattr(found, each, self.module(f"{name}.{each}"))
        return found
