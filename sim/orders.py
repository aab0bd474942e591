"""Rule rows and what they moved; orders to lines with their words: the papers of a warning."""

import numpy as np
import pandas as pd

from sim import wording
from sim.accounts import PhaseAccount, sums
from sim.experiment import Run
from sim.grading import NOTHING
from sim.response import response_level
from sim.tables import accounts, line_words, seasonal
from sim.vocab import ASKING_LEVELS, WARNING_LEVELS, Kind, Level, Pollutant

RULE_COLUMNS = ["run", "member", "control", "industry", "process", "grade", "level", "kind", "share", "basis", "confidence",
                "clause", "lines", *(f"avoided_{p}_kg" for p in Pollutant), "curtailed_value_cny"]


def rules_applied(run: Run, lang: str) -> pd.DataFrame:
    """What each rule row moved: lines, kilograms, yuan; with its basis, document and clause."""
    frames = [_rules_of(run, member, part, at, lang) for member, account in accounts(run)
              for at in range(len(ASKING_LEVELS)) for part in account.phases]
    if not frames:
        return pd.DataFrame(columns=RULE_COLUMNS)
    frame = pd.concat(frames, ignore_index=True)[RULE_COLUMNS]
    if len(run.accounts[0].phases) > 1:  # a row that meets lines in several phases is one row, with the most lines it met
        words = [c for c in RULE_COLUMNS if c != "lines" and not c.endswith(("_kg", "_cny"))]
        how = {c: "max" if c == "lines" else "sum" for c in RULE_COLUMNS if c not in words}
        frame = frame.groupby(words, sort=False, dropna=False, as_index=False).agg(how)[RULE_COLUMNS]
    return frame[(frame["clause"] != wording.row_clause(NOTHING, lang)) | (frame["kind"] != Kind.EXEMPT.value)
                 ].reset_index(drop=True)


def _rules_of(run: Run, member: str, part: PhaseAccount, at: int, lang: str) -> pd.DataFrame:
    asked = part.asked
    of_row, size = asked.row[at], len(asked.rows)
    lines = np.bincount(of_row, minlength=size)
    used = np.flatnonzero(lines)
    rows = [asked.rows[r] for r in used]
    moved = {f"avoided_{p}_kg": sums(of_row, size, part.avoided_at_kg(p, at))[used] for p in Pollutant}
    return pd.DataFrame({
        "run": run.world.run.name, "member": member, "control": [r.control for r in rows],
        "industry": [r.industry for r in rows], "process": [r.process for r in rows], "grade": [r.grade for r in rows],
        "level": ASKING_LEVELS[at].name, "kind": [r.kind.value for r in rows],
        "share": [np.nan if r.cite == "own-plan" else r.share for r in rows], "basis": [r.basis.value for r in rows],
        "confidence": [r.confidence for r in rows], "clause": [wording.row_clause(r, lang) for r in rows],
        "lines": lines[used], **moved,
        "curtailed_value_cny": sums(of_row, size, part.hours_at(at) / 24 * part.people.value)[used]})


def seasons_applied(run: Run, lang: str) -> pd.DataFrame:
    """What each row of staggered production held back over the period, by city: lines, kilograms, output, yuan."""
    columns = ["run", "city", "season", "industry", "process", "grade", "from", "to", "share", "lines",
               *(f"seasonal_{p}_kg" for p in Pollutant), "seasonal_value_cny", "basis", "confidence", "clause"]
    frames = []
    for part in run.accounts[0].phases if run.accounts else ():
        phase, listed = part.phase, run.world.population
        for at, row in enumerate(phase.season_rows):
            for city in np.unique(listed.city[phase.season_row == at]):
                held = seasonal(part, ((phase.season_row == at) & (listed.city == city)).astype(float))
                frames.append({
                    "run": run.world.run.name, "city": listed.cities[city], "season": row.season, "industry": row.industry,
                    "process": row.process, "grade": row.grade, "from": "{:02d}-{:02d}".format(*row.first),
                    "to": "{:02d}-{:02d}".format(*row.last), "share": row.share, "lines": int((held > 0).sum()),
                    **{f"seasonal_{p}_kg": float(held @ listed.emission[k]) for k, p in enumerate(Pollutant)},
                    "seasonal_value_cny": float(held @ listed.value), "basis": row.basis.value,
                    "confidence": row.confidence, "clause": wording.cited(row.cite, lang)})
    if not frames:
        return pd.DataFrame(columns=columns)
    words = [c for c in columns if c != "lines" and not c.startswith("seasonal_")]
    return pd.DataFrame(frames).groupby(words, sort=False, as_index=False).agg(
        {c: "max" if c == "lines" else "sum" for c in columns if c not in words})[columns]


def orders(run: Run, lang: str) -> pd.DataFrame:
    """One row per order to a line: level, from and to, share, measure in both languages, clause.

    A line whose grade or season changes under a warning gets a new order; one that does not run gets none.
    """
    columns = ["run", "member", "city", "county", "enterprise_id", "enterprise", "industry", "grade", "line_id", "level",
               "from", "to", "share", "measure", "basis", "clause"]
    if run.accounts is None or run.classes is None:
        return pd.DataFrame(columns=columns)
    made: dict[tuple, str] = {}
    first = [spell for spell in spells(run) if spell[0] < len(run.world.cities)]  # papers are of one member: the first
    frames = [_orders_of(run, part, spell, lang, made) for spell in first for part in run.accounts[0].phases
              if spell[3] < 24 * part.phase.last and spell[4] > 24 * part.phase.first]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def _orders_of(run: Run, part: PhaseAccount, spell: tuple[int, int, Level, float, float], lang: str,
               made: dict[tuple, str]) -> pd.DataFrame:
    """Orders of one spell of a level in one phase."""
    series, start_class, level, begins, ends = spell
    world, people, asked = run.world, part.people, part.asked
    member, city = divmod(series, len(world.cities))
    at = ASKING_LEVELS.index(level)
    told = np.array([row.kind is not Kind.EXEMPT for row in asked.rows])[asked.row[at]]
    if part.phase.running is not None:
        told &= part.phase.running > 0
    which = np.flatnonzero((people.city == city) & (run.classes.start_class == start_class) & told)
    row, counted = asked.row[at, which], asked.whole[at, which] >= 0
    clause = np.empty(len(asked.rows), object)
    for place in np.unique(row):
        if (part.phase.first, place) not in made:
            made[part.phase.first, place] = wording.row_clause(asked.rows[place], lang)
        clause[place] = made[part.phase.first, place]
    clause = clause[row]
    return pd.DataFrame({
        "run": world.run.name, "member": world.members[member], "city": world.cities[city],
        **{name: words[which] for name, words in line_words(people).items()}, "level": level.name,
        "from": world.calendar.stamp(max(begins, 24 * part.phase.first)),
        "to": world.calendar.stamp(min(ends, 24 * part.phase.last)), "share": asked.output[at, which],
        "measure": _measures(part, at, which, made),
        "basis": np.array([r.basis.value for r in asked.rows], object)[row],
        "clause": np.where(counted, clause + _counting_clause(run, lang), clause)})


def spells(run: Run, *, warned: bool = False) -> list[tuple[int, int, Level, float, float]]:
    """Unbroken times at one asking response level, or (warned) at one warning level: (series, start class, level, from hour,
    to hour)."""
    line, end = run.ledger.timeline, run.ledger.hours
    level = line.level if warned else response_level(line.level, run.world.settings.response.escalate)
    levels = WARNING_LEVELS if warned else ASKING_LEVELS
    spells: list[tuple[int, int, Level, float, float]] = []
    for at in range(len(line.hour)):
        of = (int(line.series[at]), int(line.start_class[at]))
        same = at + 1 < len(line.hour) and of == (line.series[at + 1], line.start_class[at + 1])
        until = min(float(line.hour[at + 1]) if same else end, end)
        if Level(int(level[at])) not in levels or line.hour[at] >= until:
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


def _measures(part: PhaseAccount, at: int, which: np.ndarray, made: dict[tuple, str]) -> list[str]:
    """What some lines are told at a level, each distinct wording made once and kept in `made`."""
    asked, people = part.asked, part.people
    said = []
    for key in zip(asked.row[at, which].tolist(), asked.output[at, which].tolist(), asked.whole[at, which].tolist(),
                   people.min_load[which].tolist(), people.own_words[at, which].tolist(), strict=True):
        row, share, whole, min_load, own = asked.rows[key[0]], *key[1:]
        if (part.phase.first, *key) not in made:
            made[part.phase.first, *key] = wording.both_ways(row, share, whole, min_load=min_load, own_words=own)
        said.append(made[part.phase.first, *key])
    return said
