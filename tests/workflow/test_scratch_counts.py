"""The formulas of scratch, Tabs. 3 and 4, and what the paper prints."""

import pytest

from anarch.workflow.lasso_totals import from_totals, lr_sum
from anarch.workflow.scratch_counts import parameters, printed_d_local, three_fc, weights


@pytest.mark.parametrize("a, s, c", [(1, 16, 3), (15, 32, 10), (150, 64, 100)])
def test_the_formulas_of_table_4(a: int, s: int, c: int) -> None:
    def table(connectivity: str) -> dict[str, int]:
        return weights("s_conv", connectivity, a, input_shape=(3, s, s), classes=c, padding_taps=True)

    rest = {"fc1": 6 * s**2 * a**2, "fc2": 24 * c * a}
    assert table("conv") == {"conv1": 81 * 3 * a, **rest}
    assert table("local") == {"conv1": 81 * 3 * s**2 * a // 4, **rest}
    assert table("fc") == {"conv1": 3 * s**4 * a // 4, **rest}


@pytest.mark.parametrize("a, s, c", [(2, 16, 3), (15, 32, 10), (4, 64, 100)])
def test_the_formulas_of_table_3_with_its_local_column_put_right(a: int, s: int, c: int) -> None:
    def table(connectivity: str) -> list[int]:
        counts = weights("d_conv", connectivity, a, input_shape=(3, s, s), classes=c, padding_taps=True)
        assert list(counts) == [*(f"conv{n}" for n in range(1, 9)), "fc1", "fc2"]
        return list(counts.values())

    rest = [4 * s**2 * a**2, 64 * c * a]
    assert table("conv") == [27 * a, *(9 * 2**n * a**2 for n in range(1, 8)), *rest]
    assert table("local") == [
        27 * s**2 * a,
        *(9 * s**2 * a**2 // (1 + n % 2) for n in (1, 0) * 3 + (1,)),
        *rest,
    ]
    assert table("fc") == [3 * s**4 * a, *(s**4 * a**2 // 2**n for n in range(1, 8)), *rest]
    assert sum(table("local")) == 49 * s**2 * a**2 + (27 * s**2 + 64 * c) * a


@pytest.mark.parametrize(
    "network, connectivity, alpha, millions",
    [
        ("s_conv", "conv", 150, 138.3),
        ("s_conv", "local", 150, 147.6),
        ("s_conv", "fc", 150, 256.2),
        ("d_conv", "conv", 15, 1.4),
        ("d_conv", "local", 15, 11.7),
        ("d_conv", "fc", 15, 282.2),
    ],
)
def test_totals_beside_table_1(network: str, connectivity: str, alpha: int, millions: float) -> None:
    assert round(sum(weights(network, connectivity, alpha, padding_taps=True).values()) / 1e6, 1) == millions


def test_the_printed_total_of_d_local_is_table_1s_and_not_the_true_one() -> None:
    assert round(printed_d_local(15) / 1e6, 2) == 3.42
    assert sum(weights("d_conv", "local", 15, padding_taps=True).values()) == 11_713_920


def test_taps_on_padding_are_counted_one_by_one() -> None:
    """S-LOCAL at 32 x 32: 53,868 of 62,208 a channel act; a lopsided map against a plain loop."""
    for shape in ((1, 32, 32), (1, 7, 12), (1, 1, 3)):
        _, height, width = shape
        acting = sum(
            0 <= 2 * i + u - 4 < height and 0 <= 2 * j + v - 4 < width
            for i in range((height + 1) // 2)
            for j in range((width + 1) // 2)
            for u in range(9)
            for v in range(9)
        )
        assert weights("s_conv", "local", 1, input_shape=shape)["conv1"] == acting
    assert weights("s_conv", "local", 1, input_shape=(3, 32, 32))["conv1"] == 53_868


def test_all_parameters_are_weights_norms_and_the_last_biases() -> None:
    shape = (1, 9, 5)
    plain = sum(weights("s_conv", "fc", 2, input_shape=shape, classes=3).values())
    assert parameters("s_conv", "fc", 2, input_shape=shape, classes=3) == plain + 2 * (2 + 48) + 3
    assert (
        parameters("s_conv", "fc", 2, input_shape=shape, classes=3, norm="unit") == plain + 2 * (30 + 48) + 3
    )


def test_3_fc_of_the_papers_size_has_14_5_thousand_units() -> None:
    assert round(three_fc(14_540) / 1e6) == 256
    assert three_fc(2, input_shape=(1, 3, 4), classes=5) == 12 * 2 + 2 * 2 + 2 * 5


@pytest.mark.parametrize(
    "network, connectivity, alpha, message",
    [
        ("t_conv", "fc", 1, "network must be one of s_conv, d_conv, got 't_conv'"),
        ("s_conv", "full", 1, "connectivity must be one of conv, local, fc, got 'full'"),
        ("s_conv", "fc", 0, r"alpha, classes and sizes must be 1 or more, got 0, 10 and \(3, 32, 32\)"),
    ],
)
def test_what_has_no_count_is_told(network: str, connectivity: str, alpha: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        weights(network, connectivity, alpha)


@pytest.mark.parametrize("schedule", ["constant", "cosine"])
def test_the_sum_of_rates_is_that_of_the_training_loop(schedule: str) -> None:
    from anarch.training.schedules import learning_rate
    from anarch.workflow.specs import Recipe

    recipe = Recipe(epochs=5, batch_size=10, lr=0.3, schedule=schedule)
    rates = [learning_rate(recipe, epoch, step, 7) for epoch in range(5) for step in range(7)]
    assert lr_sum(0.3, 35, schedule) == pytest.approx(sum(rates), rel=1e-12)


def test_totals_are_what_lambda_and_beta_give_back() -> None:
    l1, beta = from_totals(0.08, 2e-3, 17.0)
    assert l1 * 17.0 == pytest.approx(0.08, rel=1e-14)
    assert beta * l1 == pytest.approx(2e-3, rel=1e-14)
    assert from_totals(0.0, 0.0, 3.0) == (0.0, 0.0)
    assert from_totals(0.5, 0.0, 2.0) == (0.25, 0.0)


@pytest.mark.parametrize(
    "shrink, threshold, total", [(-1, 0, 1), (1, -1, 1), (1, 1, 0), (float("nan"), 0, 1)]
)
def test_impossible_totals_are_refused(shrink: float, threshold: float, total: float) -> None:
    with pytest.raises(ValueError, match="shrink and threshold must be 0 or more and lr_sum above 0, got"):
        from_totals(shrink, threshold, total)


def test_a_threshold_alone_has_no_lambda() -> None:
    with pytest.raises(ValueError, match=r"a threshold of 0\.5 needs a shrink above 0"):
        from_totals(0.0, 0.5, 1.0)


def test_rates_of_no_step_or_of_another_schedule_are_refused() -> None:
    with pytest.raises(ValueError, match="steps must be 1 or more, got 0"):
        lr_sum(0.1, 0)
    with pytest.raises(ValueError, match="schedule must be constant or cosine, got 'steps'"):
        lr_sum(0.1, 5, "steps")
