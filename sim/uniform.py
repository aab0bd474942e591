"""Equal tonnes: the same share for every grade (一刀切), scaled until it avoids what a graded policy avoids.

What is left to compare is what the two cost.
"""

from dataclasses import replace

from sim import rulebook
from sim.errors import Finding
from sim.experiment import Run, accounts_of
from sim.grading import Choice
from sim.phases import asked_anew
from sim.scenario import Change
from sim.settings import Grading
from sim.vocab import Pollutant

POLICY = "uniform"
SHAPE = {"yellow": 0.1, "orange": 0.2, "red": 0.3}
"""Shares at scale 1: the steps of the editions' targets (10, 20, 30 % of whole-society emissions)."""

LARGEST = 10.0
"""The scale at which every level takes everything."""

ALL = "all"
POLLUTANTS = (*(pollutant.value for pollutant in Pollutant), ALL)
GIVEN = "--equal-tonnes"
PRECISION, STEPS_AT_MOST = 1e-9, 100


def equal_run(run: Run, pollutant: str) -> Run | Finding:
    """The run's warnings answered by uniform shares that avoid the same kilograms of `pollutant`, or why there are none.

    pollutant : one of POLLUTANTS, `all` for the four added up. The shares are SHAPE times one scale, each at most 1; the
    scale is found by bisection, to 1e-9 of the kilograms (means over members). Lines with own plans keep them.
    """
    name = f"{run.world.run.name}, {POLICY} at equal {pollutant}"
    wanted, full = avoided_kg(run, pollutant), _at(run, LARGEST, name)
    most = avoided_kg(full, pollutant)
    if wanted == 0 or most < wanted * (1 - PRECISION):
        return Finding("equal.none" if wanted == 0 else "equal.beyond", key=run.world.run.name, value=pollutant,
                       words={"wanted": f"{wanted / 1000:,.1f}", "most": f"{most / 1000:,.1f}"}, doubtful=True)
    low, high, found = 0.0, LARGEST, full
    at_low, at_high = avoided_kg(_at(run, 0.0, name), pollutant), most
    for step in range(STEPS_AT_MOST):
        kg = avoided_kg(found, pollutant)
        if abs(kg - wanted) <= PRECISION * wanted:
            break
        straight = low + (high - low) * (wanted - at_low) / (at_high - at_low) if at_high > at_low else high
        scale = straight if step % 2 == 0 else (low + high) / 2  # a straight line between two halvings: it is nearly one
        found = _at(run, scale, name)
        kg = avoided_kg(found, pollutant)
        low, at_low, high, at_high = (scale, kg, high, at_high) if kg < wanted else (low, at_low, scale, kg)
    return found


def avoided_kg(run: Run, pollutant: str) -> float:
    """Kilograms avoided by all lines, mean over members."""
    accounts = run.accounts or ()
    kinds = list(Pollutant) if pollutant == ALL else [Pollutant(pollutant)]
    return sum(float(account.avoided_kg(kind).sum()) for account in accounts for kind in kinds) / max(1, len(accounts))


def _at(run: Run, scale: float, name: str) -> Run:
    """The same warnings answered by uniform shares at one scale."""
    world = run.world
    shares = {level: min(1.0, scale * share) for level, share in SHAPE.items()}
    choice = Choice(rulebook.policy(POLICY), shares)
    grading = Grading(policy=POLICY, **shares)
    own = world.settings.grading.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    settings = replace(world.run, name=name, settings=world.settings.model_copy(update={"grading": grading}), changes=(
        *world.run.changes, Change("grading", own, {"policy": POLICY} | shares, GIVEN)))
    uniform = replace(world, run=settings, choice=choice, phases=asked_anew(world.phases, choice))
    return Run(uniform, run.ledger, accounts_of(uniform, run.ledger, run.classes), run.classes)
