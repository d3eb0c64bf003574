"""What can be wrong with a claim, told before any job runs: no table is read, and pandas is not needed."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from anarch.claims.claim import COMPARISONS, LIMITS, Claim, Side
from anarch.claims.expressions import columns_of

Registry = Mapping[str, Mapping[str, Mapping[str, Any]]]  # study -> table -> row, replicate, text, columns


def check(
    claims: Iterable[Claim],
    given: Mapping[str, Collection[str]],
    registry: Registry,
    figures: Mapping[str, Collection[str]],
) -> None:
    """Raises ValueError, naming the claim and the key, for the first claim that could not be judged.

    ``given``: the keys that stand in each claim's row, by its id.  ``figures``: each study's, as `fig3`.
    """
    targets = [f"{study}_{name}" for study, names in figures.items() for name in names]
    seen: set[str] = set()
    for claim in claims:
        try:
            if claim.id in seen:
                raise ValueError("id: there is another claim of this name")
            seen.add(claim.id)
            _check(claim, given[claim.id], registry, targets)
        except ValueError as mistake:
            raise ValueError(f"{claim.id}.{mistake}") from None


def _check(claim: Claim, given: Collection[str], registry: Registry, targets: Collection[str]) -> None:
    _known("id", claim.study, registry, "study")
    for figure in claim.figures:
        _known("figures", figure, targets, "target")
    _check_limits(claim, given)
    for name, side in claim.sides.items():
        _known(f"{name}.table", side.table, registry[claim.study], f"table of {claim.study}")
        table = registry[claim.study][side.table]
        for key, column in _columns(claim, side, table, name):
            _known(key, column, table["columns"], f"column of {claim.study} {side.table}")
        for column in side.shared_by:
            keys = (*claim.groups, claim.over, replicate_of(claim, table))
            _known(f"{name}.shared_by", column, [key for key in keys if key], "group, curve or replicate")


def replicate_of(claim: Claim, table: Mapping[str, Any]) -> str:
    """The column that tells replicates apart: the claim's own, or else the table's."""
    return claim.replicate or table["replicate"]


def _check_limits(claim: Claim, given: Collection[str]) -> None:
    _known("compare", claim.compare, COMPARISONS, "comparison")
    needed, optional = COMPARISONS[claim.compare]
    for key in needed:
        if key not in given:
            raise ValueError(f"{key}: {claim.compare} needs it")
    for key in LIMITS:
        if key in given and key not in (*needed, *optional):
            raise ValueError(f"{key}: {claim.compare} takes none; it takes {', '.join((*needed, *optional))}")
    if claim.each and claim.some:
        raise ValueError("some: a claim has `each` or `some`, not both")
    if claim.compare == "ratio":
        if claim.at_least is None and claim.at_most is None:
            raise ValueError("at_least: ratio needs at_least or at_most")
        if claim.right is None and not claim.left.per:
            raise ValueError("right: ratio needs it, or left.per")
    if claim.compare == "peak_near" and claim.at != "inside" and claim.factor <= 1:
        raise ValueError("factor: peak_near needs one above 1 unless `at` is inside")
    if claim.compare == "holds" and claim.right is not None:
        raise ValueError("right: holds takes none")
    if isinstance(claim.tolerance, str) and claim.compare != "holds":
        raise ValueError(f"tolerance: {claim.tolerance!r} must be a number; only holds takes a column")


def _columns(claim: Claim, side: Side, table: Mapping[str, Any], name: str) -> Iterator[tuple[str, str]]:
    """(key, column) for every column that ``side`` asks of its table."""
    expressions = [(f"{name}.{key}", text, True) for key, text in side.conditions.items()]
    expressions += [(f"{name}.value", text, False) for text in side.values.values()]
    for key, text, condition in expressions:
        try:
            columns = columns_of(text, condition=condition)
        except ValueError as error:
            raise ValueError(f"{key}: {error}") from None
        yield from ((key, column) for column in columns)
    for key in ("largest", "smallest"):
        if getattr(side, key):
            yield f"{name}.{key}", getattr(side, key)
    if claim.compare == "holds":
        for key in ("tolerance", "trials"):
            if isinstance(getattr(claim, key), str) and getattr(claim, key):
                yield key, getattr(claim, key)
    shared = set(side.shared_by)
    keys = [("each" if claim.each else "some", group) for group in claim.groups]
    keys += [("over", claim.over)] if claim.over else []
    keys += [("replicate", replicate_of(claim, table))] if claim.compare != "holds" else []
    for key, column in keys:
        if not column:
            raise ValueError(f"replicate: {side.table} has no column of replicates: name one")
        if column not in shared:
            yield key, column


def _known(key: str, name: str, known: Collection[str], what: str) -> None:
    if name not in known:
        raise ValueError(f"{key}: there is no {what} {name!r}; there is {', '.join(known)}")
