"""The picture of negotiated offers: a block for each, the accepted ones coloured."""

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgb

from sim.charts import POLLUTANT_COLOUR, png
from sim.comparison_charts import FAINT, bars, supply
from sim.vocab import Pollutant


def test_every_offer_is_as_wide_as_its_kilograms_and_as_high_as_its_price():
    offers = pd.DataFrame({"kg_per_day": [24.0, 12.0, 12.0], "price_cny_per_kg": [250.0, 500.0, 1000.0],
                           "accepted": [True, True, False]})
    figure = supply(offers, ["焦化", "水泥", "玻璃"], 30, "t", "nox", "zh")
    blocks = figure.axes[0].patches
    assert [(b.get_x(), b.get_width(), b.get_height()) for b in blocks] == [(0, 24, 250), (24, 12, 500), (36, 12, 1000)]
    assert [b.get_facecolor()[:3] == to_rgb(POLLUTANT_COLOUR[Pollutant.NOX]) for b in blocks] == [True, True, False]
    assert blocks[2].get_facecolor()[:3] == to_rgb(FAINT)
    assert {"焦化", "水泥", "玻璃"} <= {words.get_text() for words in figure.axes[0].texts}
    assert png(figure, 50)[:4] == b"\x89PNG"


def test_what_a_season_holds_back_is_drawn_beyond_the_bar():
    table = pd.DataFrame({p.value: [10.0, 20.0] for p in Pollutant} | {"value": [1.0, 2.0]})
    held = table * np.array([[3.0], [0.0]])
    panel = bars(table, ["a", "b"], "value", "en", held).axes[0]
    assert [(b.get_x(), b.get_width()) for b in panel.patches] == [(0, 10), (0, 20), (10, 30), (20, 0)]
    assert [words.get_text() for words in panel.texts] == ["10.0 + 30.0", "20.0"]
    plain = bars(table, ["a", "b"], "value", "en").axes[0]
    assert [words.get_text() for words in plain.texts] == ["10.0", "20.0"]
