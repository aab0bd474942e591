"""A list reduced to groups, once: lines of one city, kind and ramp times that a policy cannot tell apart are one line.

What is asked of a line depends on its kind (control, industry, process, grade), its own plan and its safe least load; how it
gets there on its city and ramp times. Sums of lines alike in all of these are the sums of one line with their joint rates: the
groups are a list again, and everything that reads a list reads them. Only where whole lines are counted does it matter which
lines belong to one enterprise, so lines that may be counted stay what they are.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from sim.population import Population


def grouped(people: Population, apart: np.ndarray | None = None) -> tuple[Population, np.ndarray]:
    """The list with lines alike added up, and the group of each line, int64[n]. Sums over lines are what they were.

    apart : bool[n], lines that something else tells apart, such as a dated event of their enterprise. Identifiers of a group
    are those of its first line. Source: model, sections 5 and 6.
    """
    lines = len(people)
    key = np.zeros(lines, np.int64)
    for column in (people.city, people.control, people.industry, people.process, people.grade, people.ramp_down_h,
                   people.ramp_up_h, people.min_load, *people.own_cut):
        code, distinct = pd.factorize(column, use_na_sentinel=False)
        if int(key.max(initial=0)) > 2**62 // max(1, len(distinct)):
            key = pd.factorize(key)[0].astype(np.int64)
        key = key * len(distinct) + code
    alone = counted_together(people)
    if apart is not None:
        alone = alone | apart
    key = pd.factorize(key)[0]
    key[alone] = lines + np.flatnonzero(alone)
    group, _ = pd.factorize(key)
    groups = int(group.max(initial=-1)) + 1
    first = np.full(groups, lines)
    first[group[::-1]] = np.arange(lines)[::-1]

    def summed(rates: np.ndarray) -> np.ndarray:
        return np.bincount(group, rates, groups)

    enterprise = np.where(alone, people.enterprise, 0)[first]  # a group is no line of any enterprise that has others
    free = np.flatnonzero(~alone[first])
    enterprise[free] = int(people.enterprise.max(initial=-1)) + 1 + np.arange(len(free))
    return replace(
        people.take(first), enterprise=enterprise.astype(np.int32), output=summed(people.output), value=summed(people.value),
        emission=np.stack([summed(rates) for rates in people.emission]), trucks=summed(people.trucks)), group


def counted_together(people: Population) -> np.ndarray:
    """Lines that have another line of their enterprise, process and unit beside them: whole ones might be counted, bool[n]."""
    unit, units = pd.factorize(people.output_unit)
    key = (people.enterprise.astype(np.int64) * (len(people.processes) + 1) + people.process) * max(1, len(units)) + unit
    code, distinct = pd.factorize(key)
    return (np.bincount(code, minlength=len(distinct)) > 1)[code]
