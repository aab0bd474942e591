"""The rules of a variant as numbers: what stands where in a plan, for the kernels that follow it."""

from sim.vocab import ASKING_LEVELS, Level

ISSUE, UPGRADE, DOWNGRADE, ADVANCE, LIFT, CANCEL = range(6)
(GAP, COUNTS, INSIDE, MET, SIZE, CHAINS, PLAIN, NESTED, INNER, WAYS, OWN, LEVELS, HOLD_DAYS, FURTHEST, MAY_LOWER,
 WITHDRAW_ON_LIFT, INTERVAL_H, ISSUE_HOUR, ESCALATE, HOURS_AT_ONCE, PLANNED_AT_ONCE, TABLE) = range(22)
"""Places in a plan: the rules of a variant as one array, int64. The state of open episodes is an array of planes: whether
there is one, then clean days, days counted, runs of chains, inner runs met within nested ones, what is met.

GAP, COUNTS : how many planes the clean days and the days counted take. INSIDE, MET, SIZE : where inner runs and what is met
begin, and where the state ends. CHAINS to LEVELS : where in the plan each of these stands, one after the other from TABLE on:
outer and second threshold, place and length of each chain; place of each plain run; outer threshold, run and inner run of each
nested one; place of each inner run; for each way to reach just a level, the highest first, its place, that of a count and of
what is met (SIZE, a plane of ones, for none); each level's own threshold; each level's number. HOURS_AT_ONCE,
PLANNED_AT_ONCE : how many hours, and decisions, may be pending. The rest as in `warning.Terms` and `cases.Case`.
"""
WIDTH = 1 + int(Level.red)
"""Response levels: no warning, blue to red."""
ASKING = int(ASKING_LEVELS[0])
"""The lowest level that asks anything of a line."""
