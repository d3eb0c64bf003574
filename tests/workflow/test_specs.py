"""One canonical text for one spec: equal specs, equal bytes; a new option renames no earlier run."""

import pytest

from anarch.workflow.specs import DataSpec, Model, Recipe, RunSpec, Start, canonical_json, parse, plain

SPEC = RunSpec(
    dataset="digits",
    model=Model(architecture="vanilla_cnn", options={"channels": 8}, lift="fully_connected"),
    recipe=Recipe(epochs=3, batch_size=50, lr=0.1),
    seed=1,
    start=Start(run="sgd/cnn-s1", epoch=2),
    snapshots=(0, 3),
)


def test_canonical_text_is_sorted_has_no_blanks_and_leaves_out_defaults():
    assert canonical_json(Recipe(epochs=3, batch_size=50, lr=0.1)) == '{"batch_size":50,"epochs":3,"lr":0.1}'
    assert canonical_json(Recipe(epochs=3, batch_size=50, lr=0.1, momentum=0.9)).endswith('"momentum":0.9}')


def test_a_spec_reads_back_as_itself():
    assert parse(RunSpec, plain(SPEC)) == SPEC
    assert canonical_json(parse(RunSpec, plain(SPEC))) == canonical_json(SPEC)


def test_equal_numbers_are_spelt_alike():
    whole, broken = ({"epochs": 1, "batch_size": 2, "lr": lr} for lr in (1, 1.0))
    assert canonical_json(parse(Recipe, whole)) == canonical_json(parse(Recipe, broken))
    one, other = (parse(DataSpec, {"source": "x", "options": {"noise": noise}}) for noise in (0, 0.0))
    assert canonical_json(one) == canonical_json(other)


@pytest.mark.parametrize(
    "data, message",
    [
        ({"epochs": 1, "batch_size": 2, "lr": 0.1, "momentun": 0.9}, "Recipe has no 'momentun'"),
        ({"epochs": 1, "batch_size": 2}, "missing 1 required keyword-only argument: 'lr'"),
        ({"epochs": "3", "batch_size": 2, "lr": 0.1}, "Recipe.epochs must be int, got '3'"),
        ({"epochs": True, "batch_size": 2, "lr": 0.1}, "Recipe.epochs must be int, got True"),
        ({"epochs": 1.5, "batch_size": 2, "lr": 0.1}, "Recipe.epochs must be int, got 1.5"),
    ],
)
def test_a_wrong_key_or_type_is_one_line(data, message):
    with pytest.raises(ValueError) as caught:
        parse(Recipe, data)
    assert message in str(caught.value) and "\n" not in str(caught.value)


def test_not_a_number_has_no_canonical_text():
    with pytest.raises(ValueError):
        canonical_json(Recipe(epochs=1, batch_size=2, lr=float("nan")))
