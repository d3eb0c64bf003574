"""Table 1: the certificate of every theorem, by trials on random networks."""

import pandas as pd
from matplotlib.figure import Figure

from anarch.figures import rendered, tables
from anarch.figures.embedding.series import short

COLUMNS = ("claim", "statement", "network", "trials", "violation", "tolerance", "holds")


def table1(certificate: pd.DataFrame, *, about: str) -> Figure:
    """Claim, statement, network, trials, largest violation, tolerance and verdict, a row each."""
    tables.require(certificate, "certificate", COLUMNS)
    if certificate.empty:
        raise tables.TableError("table certificate has no row")
    order = {claim: i for i, claim in enumerate(certificate.claim.unique())}
    rows = certificate.sort_values("claim", key=lambda claims: claims.map(order), kind="stable")
    holds = rows.holds.astype(str).str.lower() == "true"
    table = pd.DataFrame(
        {
            "trials": [f"{n:,}" for n in rows.trials],
            "largest violation": [short(v, 2) for v in rows.violation],
            "tolerance": [short(v, 2) for v in rows.tolerance],
            "holds": ["yes" if yes else "NO" for yes in holds],
        }
    )
    words = rows[["claim", "statement", "network"]].astype(str)
    words["statement"] = words.statement.str.replace("alpha", "α").str.replace("|gradient|_1", "‖gradient‖₁")
    table.index = pd.MultiIndex.from_frame(words)
    return rendered.render(
        table,
        "Each claim on embeddings of random networks in float64, and how far it was ever off: relative to "
        "the size of what is compared; for Theorem 1 at critical points the L1 norm of the gradient, for "
        "Theorem 2 and inertia a number of eigenvalues. S: the block that one split adds to the Hessian.",
        about=about,
        counts=f"{holds.sum()} of {len(rows)} rows hold",
    )
