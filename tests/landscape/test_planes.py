"""The principal plane from inner products alone: against the singular vectors of the centred points."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.testing import assert_close

from anarch.landscape import planes
from anarch.landscape.planes import gram_matrix, principal_plane, project_on_plane


def cloud(count: int, seed: int, shift: float = 3.0) -> list[dict[str, Tensor]]:
    """Points with a scalar, a matrix and a transposed view among their tensors."""
    generator = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64) + shift

    return [{"w": draw(5, 3), "s": draw(), "t": draw(2, 7).T} for _ in range(count)]


def matrix_of(points: list[dict[str, Tensor]]) -> Tensor:
    return torch.stack([torch.cat([t.reshape(-1) for t in point.values()]) for point in points])


@pytest.mark.parametrize("chunk", [1, 13, planes.CHUNK])
def test_gram_matrix_holds_the_inner_products_whatever_the_chunks(chunk, monkeypatch):
    monkeypatch.setattr(planes, "CHUNK", chunk)
    points, others = cloud(4, 0), cloud(3, 1)
    gram = gram_matrix(points)
    assert_close(gram, matrix_of(points) @ matrix_of(points).T, rtol=1e-13, atol=1e-13)
    assert torch.equal(gram, gram.T)
    assert_close(gram_matrix(points, others), matrix_of(points) @ matrix_of(others).T, rtol=1e-13, atol=1e-13)


def test_single_precision_points_are_summed_in_float64():
    big, small = torch.full((3,), 4097.0), torch.ones(2)  # 4097^2 needs 25 bits
    gram = gram_matrix([{"a": big, "b": small}, {"a": -big, "b": small}])
    assert gram.tolist() == [[3 * 4097**2 + 2, 2 - 3 * 4097**2], [2 - 3 * 4097**2, 3 * 4097**2 + 2]]


@settings(max_examples=30, deadline=None)
@given(count=st.integers(3, 12), seed=st.integers(0, 10**6), shift=st.sampled_from([0.0, 3.0, 100.0]))
def test_plane_equals_the_singular_vectors_of_the_centred_points(count, seed, shift):
    points = cloud(count, seed, shift)
    matrix = matrix_of(points)
    u, s, _ = torch.linalg.svd(matrix - matrix.mean(0), full_matrices=False)
    coordinates, explained = principal_plane(gram_matrix(points))
    assert_close(explained, s[:2].square() / s.square().sum(), rtol=1e-6, atol=1e-9)
    # Signs are a convention, and close singular values may turn the axes: compare what is well posed.
    if s[0] - s[1] > 0.1 and (count == 3 or s[1] - s[2] > 0.1):
        assert_close(coordinates.abs(), (u * s)[:, :2].abs(), rtol=1e-6, atol=1e-6)
    assert_close(coordinates.sum(0), torch.zeros(2, dtype=torch.float64), rtol=0, atol=1e-7)
    assert_close(coordinates.T @ coordinates, torch.diag(s[:2].square()), rtol=1e-6, atol=1e-6)


def test_further_points_are_projected_orthogonally():
    points, further = cloud(6, 2), cloud(4, 3)
    gram = gram_matrix(points)
    coordinates, _ = principal_plane(gram)
    matrix, new = matrix_of(points), matrix_of(further)
    centre = matrix.mean(0)
    axes = torch.linalg.svd(matrix - centre, full_matrices=False).Vh[:2]
    axes = axes * ((matrix - centre) @ axes.T * coordinates).sum(0).sign().unsqueeze(1)
    assert_close(
        project_on_plane(gram, gram_matrix(points, further)), (new - centre) @ axes.T, rtol=1e-10, atol=1e-10
    )


def test_fitted_points_come_out_at_their_own_coordinates():
    points = cloud(5, 4)
    gram = gram_matrix(points)
    coordinates, _ = principal_plane(gram)
    assert_close(project_on_plane(gram, gram), coordinates, rtol=1e-10, atol=1e-10)
    assert_close(
        project_on_plane(gram, gram_matrix(points, points[3:4])), coordinates[3:4], rtol=1e-10, atol=1e-10
    )


def test_points_of_a_plane_keep_their_distances_wherever_the_plane_lies():
    flat = torch.tensor([[0.0, 0.0], [4.0, 0.0], [4.0, 1.0], [-3.0, 2.0], [1.0, -1.0]], dtype=torch.float64)
    frame = torch.linalg.qr(
        torch.randn(20, 2, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    ).Q
    points = [{"p": row} for row in flat @ frame.T + 10.0]
    coordinates, explained = principal_plane(gram_matrix(points))
    assert_close(torch.cdist(coordinates, coordinates), torch.cdist(flat, flat), rtol=1e-9, atol=1e-9)
    assert explained.sum().item() == pytest.approx(1, rel=1e-9)
    assert explained[0] > explained[1]


def test_signs_do_not_depend_on_round_off():
    """Two opposite points tie for the farthest: the first is on the positive side at every scale."""
    for scale in (1.0, 1 / 3, -0.7, 1e-3):
        points = [{"p": scale * torch.tensor([s, 2 * s, 0.1], dtype=torch.float64)} for s in (1.0, -1.0)]
        coordinates, _ = principal_plane(gram_matrix(points))
        assert coordinates[0, 0] > 0 > coordinates[1, 0]


def test_missing_dimensions_are_exactly_zero():
    line = [{"p": torch.tensor([1.0, 2.0, 2.0], dtype=torch.float64) * t} for t in (1.0, 2.0, 6.0)]
    coordinates, explained = principal_plane(gram_matrix(line))
    assert_close(coordinates[:, 0], torch.tensor([6.0, 3.0, -9.0], dtype=torch.float64), rtol=1e-12, atol=0.0)
    assert torch.equal(coordinates[:, 1], torch.zeros(3, dtype=torch.float64)) and explained[1] == 0
    further = project_on_plane(gram_matrix(line), gram_matrix(line, [{"p": torch.tensor([5.0, -7.0, 1.0])}]))
    assert further[0, 1] == 0 and torch.isfinite(further).all()
    # Far from the origin the inner products cancel, and the second eigenvalue is round-off instead of zero.
    steps = torch.linspace(0, 1, 9, dtype=torch.float64).sqrt()
    far = [{"p": 1000 + t * torch.tensor([1.0, 2.0, 2.0], dtype=torch.float64)} for t in steps]
    coordinates, explained = principal_plane(gram_matrix(far))
    assert_close(coordinates[:, 0].abs(), 3 * (steps - steps.mean()).abs(), rtol=1e-6, atol=1e-7)
    assert not coordinates[:, 1].any() and explained[1] == 0
    coordinates, explained = principal_plane(gram_matrix(line[:1] * 3))
    assert not coordinates.any() and not explained.any()


def test_impossible_arguments_are_refused():
    points = cloud(3, 0)
    with pytest.raises(ValueError, match="need one point or more"):
        gram_matrix([])
    with pytest.raises(ValueError, match=r"got 3, odd ones: \[2\]"):
        gram_matrix([*points[:2], {"w": points[2]["w"]}])
    with pytest.raises(ValueError, match=r"odd ones: \[3\]"):
        gram_matrix(points, [{"w": points[2]["w"]}])
    for wrong in (torch.ones(1, 1), torch.ones(3, 2)):
        with pytest.raises(ValueError, match=r"gram must be \(K, K\) with K >= 2 points, got"):
            principal_plane(wrong)
    with pytest.raises(ValueError, match=r"products must be \(3, L\), as gram has 3 points, got \(2, 3\)"):
        project_on_plane(gram_matrix(points), gram_matrix(points[:2], points))
