"""The slow twin: an independent plain reading of the model page, hour by hour and line by line. Imports nothing of sim.

A world is a plain dict:
  days, issue_hour, horizon, merges, criteria {level: [{...}]}, lead, paper, lift, downgrade, escalate, preadjust,
  withdraw, observed [index of each day], forecast (issue day, lead) -> index,
  lines [{cuts: {level: share}, down, up, min_load, season: day -> share (optional)}]
  every (hours between issues), counted (level) and often (episodes) of the pre-adjustment: all optional
  ensemble [forecasts], decide_on (median, mean, probability), probability: optional, in place of forecast
"""

import math
import statistics

LEVELS = ["none", "blue", "yellow", "orange", "red"]
RANK = {name: rank for rank, name in enumerate(LEVELS)}


def runs_of(days):
    """Consecutive days of a sorted list, as lists."""
    found = []
    for day in days:
        if found and found[-1][-1] == day - 1:
            found[-1].append(day)
        else:
            found.append([day])
    return found


def lowest_threshold(criteria):
    return min(c.get("over", c.get("reaches")) for cs in criteria.values() for c in cs)


def episodes(series, threshold, merges, lift):
    """Episodes of a {day: index}: lists of the days above the threshold, bridged where the edition merges."""
    found = []
    for day in sorted(series):
        if series[day] <= threshold:
            continue
        if found:
            gap = day - found[-1][-1] - 1
            if gap == 0 or (merges and 24 * gap < lift):
                found[-1].append(day)
                continue
        found.append([day])
    return found


def holds(criterion, episode, series, threshold, merges):
    """Whether a criterion holds inside an episode, judged whole."""
    def long_enough(run):
        if "longer_than_hours" in criterion:
            return 24 * len(run) > criterion["longer_than_hours"]
        return 24 * len(run) >= criterion["hours"]

    if "reaches" in criterion:
        return any(long_enough(run) for run in runs_of([d for d in episode if series[d] >= criterion["reaches"]]))
    above = [d for d in episode if series[d] > criterion["over"]]
    candidates = [episode] if merges and criterion["over"] == threshold else runs_of(above)
    for run in candidates:
        if not long_enough(run):
            continue
        if "within_over" not in criterion:
            return True
        inner = runs_of([d for d in run if series[d] > criterion["within_over"]])
        if any(24 * len(part) >= criterion["within_hours"] for part in inner):
            return True
    return False


def level_of(episode, series, world, threshold):
    best = "none"
    for level, criteria in world["criteria"].items():
        if any(holds(c, episode, series, threshold, world["merges"]) for c in criteria) and RANK[level] > RANK[best]:
            best = level
    return best


def look(world, today, closed_through):
    """What one issue shows to one area: level and first day of the episode ahead, how many episodes of the counted
    level are ahead, and whether today and the days that lifting looks at are above the thresholds."""
    days, threshold = world["days"], lowest_threshold(world["criteria"])
    ahead_index = {today + lead: world["forecast"](today, lead) for lead in range(1, world["horizon"] + 1)
                   if today + lead < days}
    series = {d: world["observed"][d] for d in range(closed_through + 1, today + 1)} | ahead_index
    hold_days = math.ceil(world["lift"] / 24)
    soon = [ahead_index[d] for d in range(today + 1, today + hold_days + 1) if d in ahead_index]
    levels = [(level_of(episode, series, world, threshold), episode) for episode in
              episodes(series, threshold, world["merges"], world["lift"]) if episode[-1] > today]
    first = next(((level, episode[0], episode[-1]) for level, episode in levels if level != "none"), ("none", None, None))
    counted = RANK[world.get("counted", "blue")]
    return {
        "level": first[0], "start": first[1], "end": first[2],
        "episodes": sum(RANK[level] >= counted for level, _ in levels),
        "today_over": world["observed"][today] > threshold, "hold_over": any(index > threshold for index in soon),
        "exceeded": {level for level, criteria in world["criteria"].items() if criteria
                     and any(exceeds(index, criteria) for index in [world["observed"][today], *soon])},
    }


def view_of(world, today, closed_through):
    """What one issue shows to one decision: one forecast, or an ensemble read as the world says."""
    told = world.get("ensemble")
    if not told:
        return look(world, today, closed_through)
    if world["decide_on"] == "probability":
        needed = next(n for n in range(1, len(told) + 1) if n >= round(world["probability"] * len(told), 6))
        return shared([look(world | {"forecast": one}, today, closed_through) for one in told], needed)
    middle = {"median": statistics.median, "mean": statistics.fmean}[world["decide_on"]]
    return look(world | {"forecast": lambda day, lead: middle(one(day, lead) for one in told)}, today, closed_through)


def shared(seen, count):
    """One view for several areas: what at least `count` of them show."""
    def enough(met):
        return sum(map(bool, met)) >= count

    some = sorted((one for one in seen if one["start"] is not None), key=lambda one: one["start"])
    begins = some[count - 1]["start"] if len(some) >= count else None
    together, last = some[:count], max((one["end"] for one in some[:count]), default=-1)
    if begins is not None:  # who begins with them, or before they have all ended, belongs to the same pollution
        for one in some[count:]:
            if one["start"] <= max(begins, last + 1):
                together, last = [*together, one], max(last, one["end"])
    level = max((name for name in LEVELS if name == "none" or sum(
        RANK[one["level"]] >= RANK[name] for one in together) >= count), key=RANK.get)
    return {
        "level": level, "start": begins if level != "none" else None,
        "end": sorted((one["end"] for one in together), reverse=True)[count - 1] if level != "none" else None,
        "episodes": max(n for n in range(100) if n == 0 or enough(one["episodes"] >= n for one in seen)),
        "today_over": enough(one["today_over"] for one in seen), "hold_over": enough(one["hold_over"] for one in seen),
        "exceeded": {name for name in LEVELS if enough(name in one["exceeded"] for one in seen)},
    }


def decisions_of(world):
    """Every decision of one city: dicts with kind, level, issued, effective, warning."""
    return linked_decisions([world])[0]


def linked_decisions(worlds, follow=(), groups=(), tighten=False):
    """Decisions of several areas, a list for each: follow [(area, leader)] with leaders first, groups [(areas, count)]."""
    states = [{"active": None, "announced": None, "closed": -1, "numbers": 0, "made": []} for _ in worlds]
    every = worlds[0].get("every", 24)
    for today in range(worlds[0]["days"]):
        for now in range(24 * today + worlds[0]["issue_hour"] % every, 24 * (today + 1), every):
            seen = [view_of(world, today, state["closed"]) for world, state in zip(worlds, states, strict=True)]
            for areas, count in groups:
                one = shared([seen[area] for area in areas], count)
                for area in areas:
                    seen[area] = shared([one, seen[area]], 1) if tighten else one
            for area, leader in follow:
                seen[area] = shared([seen[leader], seen[area]], 1) if tighten else seen[leader]
            for world, state, view in zip(worlds, states, seen, strict=True):
                decide(world, state, view, today, now)
    return [state["made"] for state in states]


def decide(world, state, view, today, now):
    """One issue of one area."""
    paper, every = world["paper"], world.get("every", 24)
    hold_days = math.ceil(world["lift"] / 24)
    frequent = view["episodes"] >= world.get("often", 1)

    def note(kind, level, effective, number):
        state["made"].append({"kind": kind, "level": level, "issued": now, "effective": effective, "warning": number,
                              "early": frequent})

    announced, active = state["announced"], state["active"]
    if announced and announced["at"] <= now:
        active, announced = {**announced, "lifts": None}, None
    if active and active["lifts"] is not None and active["lifts"] <= now:
        active = None
    level, start = view["level"], view["start"]
    begins = None if start is None else 24 * start
    if active and active["lifts"] is None:
        if not view["hold_over"]:
            active["lifts"] = max(24 * (today + 1), now + paper) if view["today_over"] else now + paper
            state["closed"] = today
            note("lift", active["level"], active["lifts"], active["number"])
        elif level != "none" and start <= today + hold_days and RANK[level] > RANK[active["level"]]:
            active["level"] = level
            note("upgrade", level, max(begins, now + paper), active["number"])
        elif world["downgrade"]:
            exceeded = [name for name in view["exceeded"] if RANK[name] <= RANK[active["level"]]]
            lower = max(exceeded, key=RANK.get, default=active["level"])
            if RANK[lower] < RANK[active["level"]]:
                active["level"] = lower
                note("downgrade", lower, max(24 * (today + 1), now + paper), active["number"])
    if active is None or active["lifts"] is not None:
        due = None
        if level != "none" and begins - now < world["lead"] + every:
            due = max(begins, now + paper, active["lifts"] if active else 0)
        if announced is None and due is not None:
            state["numbers"] += 1
            announced = {"level": level, "number": state["numbers"], "at": due}
            note("issue", level, due, state["numbers"])
        elif announced and due is None:
            note("cancel", announced["level"], now, announced["number"])
            announced = None
        elif announced and due < announced["at"]:
            higher = max(announced["level"], level, key=RANK.get)
            announced.update(at=due, level=higher)
            note("advance", higher, due, announced["number"])
        elif announced and RANK[level] > RANK[announced["level"]]:
            announced["level"] = level
            note("upgrade", level, max(now + paper, announced["at"]), announced["number"])
    state["active"], state["announced"] = active, announced


def exceeds(index, criteria):
    """Whether a day is above the lowest threshold of one level."""
    low = min(c.get("over", c.get("reaches")) for c in criteria)
    return any(index > c["over"] if "over" in c else index >= c["reaches"] for c in criteria
               if c.get("over", c.get("reaches")) == low)


def changes_for(decisions, world, down):
    """What one line hears: [(hour, level, warning)] in order, the later announced last within an hour.

    A cancel or an advance withdraws what was planned for that warning from its own hour on; a lift does so only with
    `withdraw`. With pre-adjustment a line that takes time starts ahead of an issue, upgrade or advance, but only
    upwards; at the effective hour itself the change holds for every line.
    """
    planned = []  # [hour, order, level, warning, only_up, is_lift]
    for order, d in enumerate(decisions):
        ends = d["kind"] in ("lift", "cancel")
        level = 0 if ends else RANK[d["level"]]
        start = d["effective"]
        if world["preadjust"] and d["early"] and down > 0 and d["kind"] in ("issue", "upgrade", "advance"):
            start = max(d["effective"] - down, min(d["issued"] + world["paper"], d["effective"]))
        if d["kind"] in ("cancel", "advance") or (d["kind"] == "lift" and world["withdraw"]):
            planned = [p for p in planned if p[3] != d["warning"] or p[0] < start or p[0] < d["issued"]]
        if d["kind"] == "cancel":
            begun = [p for p in planned if p[3] == d["warning"]]
            if begun:
                planned.append([d["effective"], order, 0, d["warning"], False, True])
            continue
        if start < d["effective"]:
            planned.append([start, order, level, d["warning"], True, False])
        planned.append([d["effective"], order, level, d["warning"], False, ends])
    planned.sort(key=lambda p: (p[0], p[1]))
    heard, level, warning, waits = [], 0, 0, None  # waits: (level, warning) asked ahead while another asks as much
    cancelled = {d["warning"]: d["issued"] for d in decisions if d["kind"] == "cancel"}
    for hour, _, to, number, only_up, is_lift in planned:
        if waits and cancelled.get(waits[1], math.inf) <= hour:
            waits = None
        if only_up and to <= level:
            waits = (to, number)
            continue
        if is_lift:
            if warning not in (0, number):
                continue
            to, number = waits or (0, 0)
            waits = None
        elif waits and waits[1] == number:
            waits = None if not only_up else waits
        level, warning = to, number if to else 0
        if heard and heard[-1][0] == hour:
            heard[-1] = (hour, level, warning)
        else:
            heard.append((hour, level, warning))
    return heard


def response_rank(rank, escalate):
    return min(rank + escalate, RANK["red"]) if rank else 0


def hours_lost(line, decisions, world, obeys=lambda number: True):
    """Full-load hours lost to warnings by one line: its load followed hour by hour, each part of an hour a trapezium.

    A season (`line["season"](day)`, a share taken away) lowers what the hour is worth; the safe least load of the line
    is a floor for both together.
    """
    return sum(part for _, part in hours_by_day(line, decisions, world, obeys))


def hours_by_day(line, decisions, world, obeys=lambda number: True):
    """(day, full-load hours lost to warnings) for each day of the period that holds a change of the season or none."""
    season = line.get("season", lambda day: 0.0)
    floor = {day: min(season(day), 1 - line["min_load"]) for day in range(world["days"])}
    lost = []
    for taken in sorted(set(floor.values())):  # the way to a target is the same whatever the season: follow it for each
        runs = 1 - taken
        cap = 1 - line["min_load"] / runs if runs else 0.0
        by_hour = followed(line, decisions, world, max(cap, 0.0), obeys)
        lost += [(day, runs * sum(by_hour[24 * day: 24 * day + 24])) for day in range(world["days"]) if floor[day] == taken]
    return sorted(lost)


def followed(line, decisions, world, cap, obeys):
    """Part of each hour of the period that a line loses."""
    heard = changes_for(decisions, world, line["down"])
    shares = [0.0, 0.0] + [min(line["cuts"][level], cap) for level in ("yellow", "orange", "red")]
    level, load, goal, left, rate, by_hour = 0, 1.0, 1.0, 0.0, 0.0, []
    waiting = list(heard)
    for hour in range(24 * world["days"]):
        clock, lost = float(hour), 0.0
        while clock < hour + 1:
            while waiting and waiting[0][0] <= clock + 1e-9:
                _, to, number = waiting.pop(0)
                to = response_rank(to, world["escalate"]) if not to or obeys(number) else 0
                if to == level:
                    continue
                goal = 1 - shares[to]
                left = line["down"] if to > level else line["up"]
                level = to
                if left <= 0:
                    load, left = goal, 0.0
                rate = (goal - load) / left if left else 0.0
            stop = min([hour + 1.0] + ([clock + left] if left else []) + [w[0] for w in waiting if w[0] > clock][:1])
            step = stop - clock
            after = load + rate * step if left else load
            lost += step * (1 - (load + after) / 2)
            if left:
                left = max(0.0, left - step)
                load = goal if left < 1e-12 else after
                if left < 1e-12:
                    left = 0.0
            clock = stop
        by_hour.append(lost)
    return by_hour


def hours_by_level(decisions, world):
    """Hours of response at each level, by counting hours."""
    heard, counted, level = changes_for(decisions, world, 0), dict.fromkeys(LEVELS[1:], 0), 0
    waiting = list(heard)
    for hour in range(24 * world["days"]):
        while waiting and waiting[0][0] <= hour:
            level = response_rank(waiting.pop(0)[1], world["escalate"])
        if level:
            counted[LEVELS[level]] += 1
    return counted
