"""The slow twin: an independent plain reading of the model page, hour by hour and line by line. Imports nothing of sim.

A world is a plain dict:
  days, issue_hour, horizon, merges, criteria {level: [{...}]}, lead, paper, lift, downgrade, escalate, preadjust,
  withdraw, observed [index of each day], forecast (issue day, lead) -> index,
  lines [{cuts: {level: share}, down, up, min_load}]
"""

import math

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


def decisions_of(world):
    """Every decision of one city: dicts with kind, level, issued, effective, warning."""
    days, hour, horizon = world["days"], world["issue_hour"], world["horizon"]
    threshold = lowest_threshold(world["criteria"])
    hold_days = math.ceil(world["lift"] / 24)
    paper, made = world["paper"], []
    active = announced = None  # {"level", "number", "at", "lifts"}
    closed_through, numbers = -1, 0

    def note(kind, level, now, effective, number):
        made.append({"kind": kind, "level": level, "issued": now, "effective": effective, "warning": number})

    for today in range(days):
        now = 24 * today + hour
        ahead_index = {today + lead: world["forecast"](today, lead) for lead in range(1, horizon + 1)
                       if today + lead < days}
        series = {d: world["observed"][d] for d in range(closed_through + 1, today + 1)} | ahead_index
        if announced and announced["at"] <= now:
            active, announced = {**announced, "lifts": None}, None
        if active and active["lifts"] is not None and active["lifts"] <= now:
            active = None
        ahead = None
        for episode in episodes(series, threshold, world["merges"], world["lift"]):
            level = level_of(episode, series, world, threshold)
            if episode[-1] > today and level != "none":
                ahead = (24 * episode[0], level, episode[0])
                break
        soon = [ahead_index[d] for d in range(today + 1, today + hold_days + 1) if d in ahead_index]
        if active and active["lifts"] is None:
            if not any(index > threshold for index in soon):
                effective = max(24 * (today + 1), now + paper) if world["observed"][today] > threshold else now + paper
                active["lifts"], closed_through = effective, today
                note("lift", active["level"], now, effective, active["number"])
            elif ahead and ahead[2] <= today + hold_days and RANK[ahead[1]] > RANK[active["level"]]:
                active["level"] = ahead[1]
                note("upgrade", ahead[1], now, max(ahead[0], now + paper), active["number"])
            elif world["downgrade"]:
                exceeded = [level for level, criteria in world["criteria"].items() if criteria
                            and RANK[level] <= RANK[active["level"]]
                            and any(exceeds(index, criteria) for index in [world["observed"][today], *soon])]
                lower = max(exceeded, key=RANK.get, default=active["level"])
                if RANK[lower] < RANK[active["level"]]:
                    active["level"] = lower
                    note("downgrade", lower, now, max(24 * (today + 1), now + paper), active["number"])
        if active is None or active["lifts"] is not None:
            due = None
            if ahead and ahead[0] - now < world["lead"] + 24 and ahead[2] > closed_through:
                due = (max(ahead[0], now + paper, active["lifts"] if active else 0), ahead[1])
            if announced is None and due:
                numbers += 1
                announced = {"level": due[1], "number": numbers, "at": due[0]}
                note("issue", due[1], now, due[0], numbers)
            elif announced and not due:
                note("cancel", announced["level"], now, now, announced["number"])
                announced = None
            elif announced and due[0] < announced["at"]:
                higher = max(announced["level"], due[1], key=RANK.get)
                announced.update(at=due[0], level=higher)
                note("advance", higher, now, due[0], announced["number"])
            elif announced and RANK[due[1]] > RANK[announced["level"]]:
                announced["level"] = due[1]
                note("upgrade", due[1], now, max(now + paper, announced["at"]), announced["number"])
    return made


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
        if world["preadjust"] and down > 0 and d["kind"] in ("issue", "upgrade", "advance"):
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
    """Full-load hours lost by one line: its load followed hour by hour, each part of an hour a trapezium."""
    heard = changes_for(decisions, world, line["down"])
    cap = 1 - line["min_load"]
    shares = [0.0, 0.0] + [min(line["cuts"][level], cap) for level in ("yellow", "orange", "red")]
    level, load, goal, left, rate, lost = 0, 1.0, 1.0, 0.0, 0.0, 0.0
    waiting = list(heard)
    for hour in range(24 * world["days"]):
        clock = float(hour)
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
    return lost


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
