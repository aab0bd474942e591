"""Differential electricity price 差别电价: what a surcharge by grade costs, on the electricity that is still used."""

from functools import cache

import numpy as np
import pandas as pd

from sim.experiment import Run
from sim.files import records
from sim.industries import ANY
from sim.tables import accounts, grouped
from sim.vocab import Grade


@cache
def intensity_kwh_per_cny() -> dict[str, float]:
    """Electricity per yuan of output by industry, `*` for the others. All assumed: lists do not state it."""
    return {row["industry"]: float(row["kwh_per_cny"]) for row in records("electricity.csv")}


def surcharges(run: Run) -> pd.DataFrame:
    """City x industry x grade: electricity used in the period and its surcharge (a rebate where negative).

    Source: Yangquan 2024, task 31 (the mechanism; prices are the scenario's, intensities assumed).
    """
    keys = ["city", "industry", "grade"]
    columns = ["run", "member", *keys, "used_kwh", "surcharge_cny"]
    prices = run.world.settings.electricity
    if prices is None or run.accounts is None:
        return pd.DataFrame(columns=columns)
    known = intensity_kwh_per_cny()
    per_cny = np.array([known.get(industry, known[ANY]) for industry in run.world.population.industries])
    price = np.array([prices.surcharge_cny_per_kwh.get(grade, 0.0) for grade in Grade])
    frames = []
    for member, account in accounts(run):
        def used(part):  # noqa: ANN001, ANN202
            days = part.phase.days - part.hours / 24
            return part.people.value * days * per_cny[part.people.industry]

        frame = grouped(account, keys, {"used_kwh": used, "surcharge_cny": lambda part, used=used: used(part) * price[
            part.people.grade]})
        frames.append(frame.assign(run=run.world.run.name, member=member))
    return pd.concat(frames)[columns].reset_index(drop=True)
