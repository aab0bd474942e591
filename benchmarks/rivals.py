"""What a user would write instead: a SimPy process per line, event driven or by the hour, and a pandas loop over days."""

import numpy as np
import pandas as pd
import simpy

from sim.response import response_level
from sim.vocab import Pollutant


def event_driven(people, asked, timeline, until_h):
    """Hours lost by each line, exact: one process per line, each waiting on an event of its own; ramps in closed form."""
    env = simpy.Environment()
    lost = np.zeros(len(people))
    shares = np.concatenate([np.zeros((2, len(people))), asked.output]).T.tolist()
    mailbox = [env.event() for _ in range(len(people))]
    for place in range(len(people)):
        env.process(_waiting_line(env, shares[place], float(people.ramp_down_h[place]), float(people.ramp_up_h[place]),
                                  mailbox, lost, place))
    levels = response_level(timeline.level, 0)

    def post(city, lines):
        mine = timeline.series == city
        for hour, level in zip(timeline.hour[mine], levels[mine], strict=True):
            yield env.timeout(hour - env.now)
            for place in lines:
                mailbox[place].succeed(int(level))
        yield env.timeout(until_h - env.now)
        for place in lines:
            mailbox[place].succeed(None)

    for city in range(len(people.cities)):
        env.process(post(city, np.flatnonzero(people.city == city).tolist()))
    env.run()
    return lost


def _waiting_line(env, shares, down_h, up_h, mailbox, lost, place):
    level, load, goal, since, lasts = 0, 1.0, 1.0, 0.0, 0.0
    while True:
        change = yield mailbox[place]
        mailbox[place] = env.event()
        to = level if change is None else change
        if to == level and change is not None:
            continue
        passed = env.now - since
        ramp = min(passed, lasts)
        reached = load + (goal - load) * (ramp / lasts) if lasts else goal
        lost[place] += ramp * (1 - (load + reached) / 2) + (passed - ramp) * (1 - goal)
        load, since = reached, env.now
        lasts = down_h if to > level else up_h
        goal, level = 1 - shares[to], to
        if change is None:
            return


def hourly(people, asked, timeline, until_h):
    """Hours lost by each line: one process per line that wakes every hour. Ramps and changes that end within an
    hour would be missed; here all times are whole hours."""
    env = simpy.Environment()
    lost = np.zeros(len(people))
    shares = np.concatenate([np.zeros((2, len(people))), asked.output]).T.tolist()
    level_now = [0] * len(people.cities)
    levels = response_level(timeline.level, 0)

    def city(number):
        mine = timeline.series == number
        for hour, level in zip(timeline.hour[mine], levels[mine], strict=True):
            yield env.timeout(hour - env.now)
            level_now[number] = int(level)

    def line(place, of_city, share, down_h, up_h):
        level, load, goal, speed, ramp_h = 0, 1.0, 1.0, 0.0, 0.0
        while True:
            to = level_now[of_city]
            if to != level:
                ramp_h = down_h if to > level else up_h
                goal, level = 1 - share[to], to
                speed = abs(goal - load) / ramp_h if ramp_h else 1.0
            before = load
            load = max(goal, load - speed) if goal < load else min(goal, load + speed)
            lost[place] += 1 - ((before + load) / 2 if ramp_h else load)
            yield env.timeout(1)

    for number in range(len(people.cities)):
        env.process(city(number))
    for place in range(len(people)):
        env.process(line(place, int(people.city[place]), shares[place], float(people.ramp_down_h[place]),
                         float(people.ramp_up_h[place])))
    env.run(until=until_h)
    return lost


def pandas_days(people, asked, timeline, days):
    """Kilograms avoided by pollutant, by city, industry and grade: one group-by a day, no ramps, the level at noon."""
    frame = pd.DataFrame({"city": people.city, "industry": people.industry, "grade": people.grade,
                          **{p.value: people.emission[k] for k, p in enumerate(Pollutant)}})
    names = [p.value for p in Pollutant]
    share = np.concatenate([np.zeros((2, len(people))), asked.output])
    level = timeline.at_noon(len(people.cities), days).T
    total = None
    for day in range(days):
        cut = share[level[people.city, day], np.arange(len(people))]
        some = cut > 0
        if some.any():
            part = frame[some]
            avoided = part[names].mul(cut[some], axis=0).groupby([part["city"], part["industry"], part["grade"]]).sum()
            total = avoided if total is None else total.add(avoided, fill_value=0)
    return total
