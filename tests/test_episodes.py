"""Days as bits of words: an episode that goes back beyond its word is judged as on a word that holds all days."""

import numpy as np
import pytest

from sim import rulebook
from sim.days import Days
from sim.episodes import _of_long_word, compile_rules, episode_ahead, look_ahead
from sim.forecast import perfect
from sim.rulebook import Criterion
from sim.vocab import Level

DAYS, SERIES = 150, 6


@pytest.mark.parametrize("edition", rulebook.edition_names())
@pytest.mark.parametrize("horizon", [7, 30])
def test_long_episodes_come_out_as_on_a_word_of_all_days(edition, horizon):
    rng = np.random.default_rng(horizon)
    book = rulebook.edition(edition)
    rules = compile_rules(book.criteria(), merges=book.merges, lift_hours=36, counted=Level.yellow)
    observed = rng.choice([60.0, 160.0, 210.0, 310.0, 510.0], (DAYS, SERIES), p=[0.06, 0.2, 0.6, 0.1, 0.04])
    observed[:, 0] = 230.0
    observed[5:9, 1], observed[9:, 1] = 510.0, rules.lowest + 1
    days = Days(observed, perfect(observed, horizon))
    days.compare(rules.thresholds)
    closed = rng.integers(-2, DAYS, (DAYS, SERIES))
    closed[:, :3] = -2
    closed = np.minimum(closed, np.arange(DAYS)[:, None])
    day, series = (each.ravel() for each in np.meshgrid(np.arange(DAYS), np.arange(SERIES), indexing="ij"))
    made = np.stack(episode_ahead(days, rules, closed.ravel(), day, series), axis=1)
    whole = [_of_long_word(days, rules, int(closed[d, k]), int(d), int(k)) for d, k in zip(day, series, strict=True)]
    assert made.tolist() == [list(one) for one in whole]
    assert (made[:, 0] > 0).any()
    assert ((made[:, 1] >= 0) & (day - made[:, 1] > 70)).any()  # some began long before their word


def test_days_looked_up_at_once_are_those_looked_up_one_by_one():
    rng = np.random.default_rng(1)
    book = rulebook.edition("mee2024")
    rules = compile_rules(book.criteria(), merges=book.merges, lift_hours=36)
    observed = rng.choice([60.0, 160.0, 210.0, 310.0], (40, 5))
    days, closed = Days(observed, perfect(observed, 7)), np.full(5, -2)
    days.compare(rules.thresholds)
    together = look_ahead(days, rules, closed, slice(0, 40), lowering=True)
    for day in range(40):
        alone = look_ahead(days, rules, closed, slice(day, day + 1), lowering=True).of(0)
        for part, one in zip(together.of(day)[:-1], alone[:-1], strict=True):
            assert part.tolist() == one.tolist()


def test_a_forecast_of_500_reaches_500_in_either_width():
    """The threshold lies just below 500, where the nearest number of 32 bits is 500 itself."""
    reached = Criterion(hours=24, reaches=500).exceeds
    observed = np.array([[100.0], [500.0], [100.0]])
    for width in (np.float64, np.float32):
        foreseen = np.full((3, 1, 1), -np.inf, width)
        foreseen[0], foreseen[1] = 500, 100
        days = Days(observed, lambda day, foreseen=foreseen: foreseen[day])
        days.look((reached,))
        above = days.above([(reached,)])
        assert above.on(0) == [0, 1, 0]
        assert [above.ahead(0, slice(day, day + 1)) for day in range(3)] == [[1], [0], [0]]
        days.compare((reached,))
        assert days.any_ahead(reached, slice(0, 3)).ravel().tolist() == [True, False, False]
