"""Rule rows and what they moved; orders to lines with their words: the papers of a warning."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from sim import wording
from sim.accounts import Account, sums
from sim.experiment import Run
from sim.grading import NOTHING
from sim.response import response_level
from sim.tables import accounts, line_words
from sim.vocab import ASKING_LEVELS, Kind, Level, Pollutant

RULE_COLUMNS = ["run", "member", "control", "industry", "process", "grade", "level", "kind", "share", "basis", "confidence",
                "clause", "lines", *(f"avoided_{p}_kg" for p in Pollutant), "curtailed_value_cny"]


def rules_applied(run: Run, lang: str) -> pd.DataFrame:
    """What each rule row moved: lines, kilograms, yuan; with its basis, document and clause."""
    frames = []
    for member, account in accounts(run):
        asked = account.asked
        for at, level in enumerate(ASKING_LEVELS):
            of_row = asked.row[at]
            used = np.flatnonzero(np.bincount(of_row, minlength=len(asked.rows)))
            size = len(asked.rows)
            moved = {f"avoided_{p}_kg": sums(of_row, size, account.avoided_at_kg(p, at))[used] for p in Pollutant}
            value = sums(of_row, size, account.level_hours_lost(at) / 24 * account.population.value)[used]
            rows = [asked.rows[r] for r in used]
            frames.append(pd.DataFrame({
                "run": run.world.run.name, "member": member, "control": [r.control for r in rows],
                "industry": [r.industry for r in rows], "process": [r.process for r in rows],
                "grade": [r.grade for r in rows], "level": level.name, "kind": [r.kind.value for r in rows],
                "share": [np.nan if r.cite == "own-plan" else r.share for r in rows],
                "basis": [r.basis.value for r in rows], "confidence": [r.confidence for r in rows],
                "clause": [wording.row_clause(r, lang) for r in rows],
                "lines": np.bincount(of_row, minlength=size)[used], **moved, "curtailed_value_cny": value}))
    if not frames:
        return pd.DataFrame(columns=RULE_COLUMNS)
    frame = pd.concat(frames, ignore_index=True)[RULE_COLUMNS]
    return frame[(frame["clause"] != wording.row_clause(NOTHING, lang)) | (frame["kind"] != Kind.EXEMPT.value)
                 ].reset_index(drop=True)


def orders(run: Run, lang: str) -> pd.DataFrame:
    """One row per order to a line: level, from and to, share, measure in both languages, clause."""
    columns = ["run", "member", "city", "county", "enterprise_id", "enterprise", "industry", "grade", "line_id", "level",
               "from", "to", "share", "measure", "basis", "clause"]
    if run.accounts is None or run.classes is None:
        return pd.DataFrame(columns=columns)
    account, world = run.accounts[0], run.world
    people, asked = account.population, account.asked
    told = np.array([row.kind is not Kind.EXEMPT for row in asked.rows])[asked.row]
    start_class = run.classes.start_class
    frames = []
    for series, cls, level, begins, ends in spells(run):
        member, city = divmod(series, len(world.cities))
        at = ASKING_LEVELS.index(level)
        which = np.flatnonzero((people.city == city) & (start_class == cls) & told[at])
        frames.append(pd.DataFrame({
            "run": world.run.name, "member": world.members[member], "city": world.cities[city],
            **{name: words[which] for name, words in line_words(account).items()}, "level": level.name,
            "from": world.calendar.stamp(begins), "to": world.calendar.stamp(ends), "share": asked.output[at, which],
            "line": which, "level_at": at}))
    if not frames:
        return pd.DataFrame(columns=columns)
    frame = pd.concat(frames, ignore_index=True)
    measure, clause = _order_words(account, lang)
    frame["measure"] = measure(frame["level_at"].to_numpy(), frame["line"].to_numpy())
    at, lines = frame["level_at"].to_numpy(), frame["line"].to_numpy()
    row, counted = asked.row[at, lines], asked.whole[at, lines] >= 0
    frame["basis"] = np.array([r.basis.value for r in asked.rows], object)[row]
    frame["clause"] = np.where(counted, clause[row] + _counting_clause(run, lang), clause[row])
    return frame[columns]


def spells(run: Run) -> list[tuple[int, int, Level, float, float]]:
    """Unbroken times at one asking response level: (series, start class, level, from hour, to hour)."""
    line, end = run.ledger.timeline, run.ledger.hours
    level = response_level(line.level, run.world.settings.response.escalate)
    spells: list[tuple[int, int, Level, float, float]] = []
    for at in range(len(line.hour)):
        of = (int(line.series[at]), int(line.start_class[at]))
        same = at + 1 < len(line.hour) and of == (line.series[at + 1], line.start_class[at + 1])
        until = min(float(line.hour[at + 1]) if same else end, end)
        if Level(int(level[at])) not in ASKING_LEVELS or line.hour[at] >= until:
            continue
        if spells and spells[-1][:3] == (*of, Level(int(level[at]))) and spells[-1][4] == line.hour[at]:
            spells[-1] = (*spells[-1][:4], until)
        else:
            spells.append((*of, Level(int(level[at])), float(line.hour[at]), until))
    return sorted(spells, key=lambda s: (s[0], s[3], s[1]))


def _counting_clause(run: Run, lang: str) -> str:
    """Where the counting of whole lines comes from, to stand behind a row's clause."""
    counting = run.world.choice.policy.head.whole_lines
    return "; " + wording.cited(counting.cite, lang) if counting else ""


def _order_words(account: Account, lang: str) -> tuple[Callable, np.ndarray]:
    """Measures of (level, line) pairs, each distinct wording made once; clauses by rule row."""
    asked, people = account.asked, account.population
    made: dict[tuple, str] = {}

    def measure(level_at: np.ndarray, line: np.ndarray) -> list[str]:
        keys = zip(asked.row[level_at, line].tolist(), asked.output[level_at, line].tolist(),
                   asked.whole[level_at, line].tolist(), people.min_load[line].tolist(),
                   people.own_words[level_at, line].tolist(), strict=True)
        words = []
        for key in keys:
            if key not in made:
                made[key] = wording.both_ways(asked.rows[key[0]], key[1], key[2], min_load=key[3], own_words=key[4])
            words.append(made[key])
        return words

    return measure, np.array([wording.row_clause(row, lang) for row in asked.rows], object)


