"""Units of cost: what a computation takes, what a job takes, and how long a device of stated speed needs."""

from collections.abc import Iterable
from dataclasses import dataclass, field

BASE = 7.3e8  # bytes that a process takes before its first tensor, most of it PyTorch's own code (CPU build)


@dataclass(frozen=True)
class Work:
    """Amounts of computation; they add up, and ``3 * work`` is three times as much."""

    flops: float = 0.0  # multiplications and additions of matrix products and convolutions, each counted
    padded: float = 0.0  # the same with lifted layers as the authors': dense, a column for each padded pixel
    moved: float = 0.0  # bytes that operations read and write, as if nothing stayed in a cache
    calls: float = 0.0  # operations called

    def __add__(self, other: "Work") -> "Work":
        return Work(
            self.flops + other.flops,
            self.padded + other.padded,
            self.moved + other.moved,
            self.calls + other.calls,
        )

    def __rmul__(self, factor: float) -> "Work":
        return Work(factor * self.flops, factor * self.padded, factor * self.moved, factor * self.calls)


@dataclass(frozen=True)
class Cost:
    """What a job costs.  Costs add up; of memory the larger one counts."""

    trained: Work = field(default=Work())  # in trainings, the looks at the test set on their way included
    measured: Work = field(default=Work())  # in all else
    trainings: int = 0  # networks trained
    memory: float = 0.0  # bytes at once, the process included, as if all of it lay in the host's memory
    disk: float = 0.0  # bytes of weights and images that stay; tables and figures are small beside them
    start: float = 0.0  # seconds before the first operation

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(
            self.trained + other.trained,
            self.measured + other.measured,
            self.trainings + other.trainings,
            max(self.memory, other.memory),
            self.disk + other.disk,
            self.start + other.start,
        )


@dataclass(frozen=True)
class Device:
    """One device as three speeds that it sustains, not its peaks."""

    name: str
    speed: float  # FLOP/s of matrix products and convolutions
    bandwidth: float  # bytes/s of all else
    latency: float  # seconds a call, however small

    def seconds(self, work: Work) -> float:
        """Time of ``work``: products, traffic and calls one after the other, none hidden behind another."""
        return work.flops / self.speed + work.moved / self.bandwidth + work.calls * self.latency

    def seconds_of(self, cost: Cost) -> float:
        """Time of a job, its start included."""
        return cost.start + self.seconds(cost.trained + cost.measured)


def total(costs: Iterable[Cost]) -> Cost:
    return sum(costs, Cost())


def work_of(parts: Iterable[Work]) -> Work:
    return sum(parts, Work())
