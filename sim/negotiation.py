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
    value = np.bincount(people.enterprise, weights=people.value)[people.enterprise]
    may = (np.isin(people.grade, [list(Grade).index(grade) for grade in terms.grades])
           & (people.control == list(Control).index(Control.NORMAL)) & (value >= terms.value_cny_per_day))
    kg = people.emission[list(Pollutant).index(terms.pollutant)]
    for name in terms.levels:
        at = next(place for place, level in enumerate(ASKING_LEVELS) if level.name == name)
        more = np.where(may & (whole[at] < 1), np.minimum(terms.offer_share, 1 - people.min_load - output[at]), 0.0)
        more = np.maximum(more, 0.0)
        taken = _cheapest(people, more * kg, more * people.value, terms.wanted_kg_per_day)
        lines = np.flatnonzero(taken & (more > 0))
        if not len(lines):
            continue
        output[at, lines] += more[lines]
        for shares in emission.values():
            shares[at, lines] = np.minimum(shares[at, lines] + more[lines], 1.0)
        whole[at, lines] = -1
        row[at, lines], added = _rows(rows, row[at, lines])
        rows += added
        assumed[at, lines] = True
    return Asked(output, emission, row, assumed, whole, tuple(rows))


def _cheapest(people: Population, kg: np.ndarray, cost_cny: np.ndarray, wanted_kg: float) -> np.ndarray:
    """Lines of the enterprises whose offers are accepted, bool[n]: by city, by price, ties by enterprise id."""
    frame = pd.DataFrame({"city": people.city, "firm": people.enterprise, "id": people.enterprise_id, "kg": kg,
                          "cost": cost_cny})
    offers = frame.groupby(["city", "firm"], as_index=False).agg({"id": "first", "kg": "sum", "cost": "sum"})
    offers = offers[offers["kg"] > 0]
    offers = offers.assign(price=offers["cost"] / offers["kg"]).sort_values(["city", "price", "id"], kind="stable")
    before = offers.groupby("city")["kg"].cumsum() - offers["kg"]
    return frame["firm"].isin(offers["firm"][before < wanted_kg - 1e-9 * wanted_kg]).to_numpy()


def _rows(rows: list[RuleRow], before: np.ndarray) -> tuple[np.ndarray, list[RuleRow]]:
    """Places of the rows that say a negotiated cut stands on top of another row, and the rows to be added."""
    places, which = np.unique(before, return_inverse=True)
    added = [replace(rows[place], kind=Kind.LOAD, basis=Basis.ASSUMED, confidence="negotiated", cite="NEGOTIATED2024",
                     coking_h=None, via=(*rows[place].via, rows[place].cite)) for place in places]
    return which.reshape(-1) + len(rows), added
