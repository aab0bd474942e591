"""Negotiated cuts 协商减排: large, well-graded enterprises offer more than their row asks, the cheapest offers first."""

from dataclasses import replace

import numpy as np
import pandas as pd

from sim.grading import Asked
from sim.population import Population
from sim.rulebook import RuleRow
from sim.settings import Negotiated
from sim.vocab import ASKING_LEVELS, Basis, Control, Grade, Kind, Pollutant


def negotiate(people: Population, asked: Asked, terms: Negotiated) -> Asked:
    """What is asked once the offers that a city accepts are added.

    An enterprise of the grades named whose output is worth at least `value_cny_per_day` offers `offer_share` of its
    output beyond what is asked, on all its lines without a control class of their own and as far as their safe least
    load allows. Each city accepts offers, cheapest first (CNY of output per kg of the pollutant), until
    `wanted_kg_per_day` is reached; the last one is taken whole. Source: Yangquan 2024, task 26 (the mechanism; size and
    price are the scenario's).
    """
    output, row, assumed = asked.output.copy(), asked.row.copy(), asked.assumed.copy()
    whole = asked.whole.copy()
    emission = {p: asked.share_of(p).copy() for p in asked.emission}
    rows = list(asked.rows)
    for name in terms.levels:
        at, more = _level_at(name), _more(people, asked, terms, name)
        made = offers(people, asked, terms, name)
        taken = np.isin(people.enterprise, made.loc[made["accepted"], "enterprise"])
        lines = np.flatnonzero(taken & (more > 0))
        if not len(lines):
            continue
        asked_before = output[at, lines] * assumed[at, lines]  # what the row asked stays on its own basis
        output[at, lines] += more[lines]
        assumed[at, lines] = (asked_before + more[lines]) / output[at, lines]
        for shares in emission.values():
            shares[at, lines] = np.minimum(shares[at, lines] + more[lines], 1.0)
        whole[at, lines] = -1
        row[at, lines], added = _rows(rows, row[at, lines], terms.offer_share)
        rows += added
    return Asked(output, emission, row, assumed, whole, tuple(rows))


def offers(people: Population, asked: Asked, terms: Negotiated, level: str) -> pd.DataFrame:
    """Every offer at a level in the order in which its city takes them: by price, ties by enterprise id.

    asked : what the rows ask, before any negotiated cut. Columns: city, enterprise (codes of the list), id, kg_per_day,
    cost_cny_per_day, price_cny_per_kg, accepted.
    """
    more, kg = _more(people, asked, terms, level), people.emission[list(Pollutant).index(terms.pollutant)]
    frame = pd.DataFrame({"city": people.city, "enterprise": people.enterprise, "id": people.enterprise_id,
                          "kg_per_day": more * kg, "cost_cny_per_day": more * people.value})
    made = frame.groupby(["city", "enterprise"], as_index=False).agg(
        {"id": "first", "kg_per_day": "sum", "cost_cny_per_day": "sum"})
    made = made[made["kg_per_day"] > 0]
    made = made.assign(price_cny_per_kg=made["cost_cny_per_day"] / made["kg_per_day"])
    made = made.sort_values(["city", "price_cny_per_kg", "id"], kind="stable").reset_index(drop=True)
    before = made.groupby("city")["kg_per_day"].cumsum() - made["kg_per_day"]
    return made.assign(accepted=before < terms.wanted_kg_per_day * (1 - 1e-9))


def _more(people: Population, asked: Asked, terms: Negotiated, level: str) -> np.ndarray:
    """Share of output that each line could give beyond what is asked at a level, float64[n]."""
    at, value = _level_at(level), np.bincount(people.enterprise, weights=people.value)[people.enterprise]
    may = (np.isin(people.grade, [list(Grade).index(grade) for grade in terms.grades]) & (asked.whole[at] < 1)
           & (people.control == list(Control).index(Control.NORMAL)) & (value >= terms.value_cny_per_day))
    return np.where(may, np.clip(1 - people.min_load - asked.output[at], 0.0, terms.offer_share), 0.0)


def _level_at(name: str) -> int:
    return next(place for place, level in enumerate(ASKING_LEVELS) if level.name == name)


def _rows(rows: list[RuleRow], before: np.ndarray, offer: float) -> tuple[np.ndarray, list[RuleRow]]:
    """Places of the rows that say a negotiated cut stands on top of another row, and the rows to be added."""
    places, which = np.unique(before, return_inverse=True)
    added = [replace(rows[place], kind=Kind.LOAD, share=min(1.0, float(rows[place].share) + offer), basis=Basis.ASSUMED,
                     confidence="negotiated", cite="NEGOTIATED2024", interval=None, coking_h=None,
                     via=(*rows[place].via, rows[place].cite)) for place in places]
    return which.reshape(-1) + len(rows), added
