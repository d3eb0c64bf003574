"""Captions' mathematics and numbers as a reader sees them; costs are sums."""

import html
import math
import re
from pathlib import Path

import pytest
import yaml

from anarch.report import costs, glossary, words
from anarch.workflow.exhibits import registers

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("drawn", "shown"),
    [
        ("against $t_w$.", "against <i>t</i><sub><i>w</i></sub>."),
        ("mean of $r^n$", "mean of <i>r</i><sup><i>n</i></sup>"),
        (r"$\ell_2$ norm", "ℓ<sub>2</sub> norm"),
        (r"$\lambda_{\max}$", "λ<sub>max</sub>"),
        (r"$10^{-11}$", "10<sup>−11</sup>"),
        (r"$d(W_S^A, W_0^R)$", "<i>d</i>(<i>W</i><sub><i>S</i></sub><sup><i>A</i></sup>, "
         "<i>W</i><sub>0</sub><sup><i>R</i></sup>)"),
        (r"$3\cdot 10^{5}$", "3·10<sup>5</sup>"),
        (r"$a_{b_{c}}$", "<i>a</i><sub><i>b</i><sub><i>c</i></sub></sub>"),
        (r"$\unheard < x$", "unheard&lt; <i>x</i>"),
        (r"5 \$ & <b>", "5 $ &amp; &lt;b&gt;"),
        ("", ""),
    ],
)  # fmt: skip
def test_captions(drawn, shown):
    assert words.caption(drawn) == shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"), (-0.0, "0"), (1.0, "1"), (0.5, "0.5"), (0.871234, "0.8712"), (-67.25, "−67.25"),
        (1234.5, "1\u202f234"), (123456, "123\u202f456"), (999999.6, "10⁶"), (3.14e-12, "3.14×10⁻¹²"),
        (1e-5, "10⁻⁵"), (0.00099996, "0.001"), (-2.5e9, "−2.5×10⁹"), (math.inf, "∞"), (-math.inf, "−∞"),
        (math.nan, ""), (None, ""),
    ],
)  # fmt: skip
def test_numbers(value, text):
    assert words.number(value) == text


def test_sentences_of_programs():
    told = "-2.03 points (-11.9 to 7.79): never above 1e-05, -.5 or -3.1e-12; 3-FC, 10-20, eq. (2)-1"
    assert words.typeset(told) == (
        "−2.03 points (−11.9 to 7.79): never above 10⁻⁵, −.5 or −3.1×10⁻¹²; 3-FC, 10-20, eq. (2)-1"
    )


def test_indices_in_sentences():
    assert words.prose("t_w < W_0, but test_accuracy") == (
        "<i>t</i><sub>w</sub> &lt; <i>W</i><sub>0</sub>, but test_accuracy"
    )


def test_words_tell_their_meaning_where_they_stand_first():
    told = glossary.glossed(words.prose("Relaxed at t_w, eFCNs end above the FCN; an eFCN <b> is no S-FCN."))
    assert re.findall(r"<abbr[^>]*>(.*?)</abbr>", told) == ["<i>t</i><sub>w</sub>", "eFCN", "FCN"]
    assert "</abbr>s end" in told and "an eFCN &lt;b&gt;" in told
    plain = re.sub("<[^>]*>", "", glossary.glossed(words.prose("Bad minima, from an adversarial start")))
    assert plain == "Bad minima, from an adversarial start"


def test_every_word_of_the_glossary_is_used_by_a_claim_a_study_or_a_figure():
    said = [row["says"] for row in yaml.safe_load((ROOT / "config/claims.yaml").read_text())]
    for register in registers().values():
        said += [register.about, *(figure.title for figure in register.figures.values())]
    told = "".join(glossary.glossed(words.prose(text)) for text in said)
    for term, meaning in glossary.TERMS.items():
        if term == "eLCN":  # of captions of needle_lcn only, which are made when it is drawn
            continue
        assert f'title="{html.escape(meaning)}"' in told, term


def test_quantities_sizes_and_times():
    assert words.quantity(2.5, "%") == "2.5\u00a0%" and words.quantity(None, "%") == ""
    assert [words.size(n) for n in (0, 999, 17_400, 999_499, 999_501, 134.2e6, 1.84e9)] == [
        "0\u00a0B", "999\u00a0B", "17\u00a0kB", "999\u00a0kB", "1.0\u00a0MB", "134\u00a0MB", "1.8\u00a0GB",
    ]  # fmt: skip
    times = (0, 4.24, 9.96, 59.4, 59.6, 599, 3599, 11_100)
    assert [words.duration(seconds).replace("\u00a0", " ") for seconds in times] == [
        "0.0 s", "4.2 s", "10 s", "59 s", "1 min 00 s", "9 min 59 s", "1 h 00 min", "3 h 05 min",
    ]  # fmt: skip
    assert words.several(1, "study", "studies") == "1\u00a0study"
    assert words.several(0, "study", "studies") == "0\u00a0studies"


def test_costs_are_sums_by_study_and_kind():
    row = {"s": "2.0", "cpu_time": "1.5", "max_rss": "100"}
    found = costs.by_study(
        {
            "needle/runs/a": row,
            "needle/runs/b": {**row, "max_rss": "300"},
            "needle/figures/fig1": {"s": "0.25", "cpu_time": "NA", "max_rss": "-"},
            "needle/measures": row,
            "data/digits": row,
        }
    )
    assert list(found) == ["needle", "data"]
    assert found["needle"]["trainings"] == costs.Cost(2, 4.0, 3.0, 300.0)
    assert found["needle"]["measurements"] == costs.Cost(1, 2.0, 1.5, 100.0)
    assert found["needle"]["figures"] == costs.Cost(1, 0.25, 0.0, 0.0)
    assert found["needle"]["all"] == costs.Cost(4, 6.25, 4.5, 300.0)
