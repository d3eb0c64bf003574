"""Tables of the workflow as data frames."""

from pathlib import Path

import pandas as pd

from shared.artefacts import read_rows
from shared.integrity import refusal


def read_frame(path: Path) -> pd.DataFrame:
    """A table of which every line is whole; one without columns is an empty frame."""
    heads, _ = read_rows(path)  # pandas would fill a short row with blanks
    try:
        return pd.read_csv(path) if heads else pd.DataFrame()
    except (pd.errors.ParserError, ValueError) as error:
        raise refusal(path, f"cannot be read ({error})") from None
