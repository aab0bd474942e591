"""The closed, ordered words of the field: levels, grades, control classes, pollutants, kinds of measure."""

from enum import IntEnum, StrEnum


class Level(IntEnum):
    """Warning and response level 预警级别, ordered by severity; editions use some of them, not all."""

    none = 0
    blue = 1
    yellow = 2
    orange = 3
    red = 4


WARNING_LEVELS = tuple(level for level in Level if level)
"""Blue to red: the axis `level` of every array of shares and weights, in this order."""

ASKING_LEVELS = tuple(level for level in WARNING_LEVELS if level > Level.blue)
"""The levels that ask something of a production line: blue asks nothing (model, section 5)."""


class Grade(StrEnum):
    """Performance grade 绩效等级, best first within a scale."""

    A_PLUS = "A+"
    A = "A"
    B = "B"
    B_MINUS = "B-"
    C = "C"
    D = "D"
    LEADING = "leading"
    NON_LEADING = "non-leading"
    UNGRADED = "ungraded"


class Control(StrEnum):
    """Control class 管控类别 of a listed line; comes before the grade."""

    NORMAL = "normal"
    LIVELIHOOD = "livelihood"
    HEATING = "heating"
    SERVICE = "service"
    EXEMPT = "exempt"
    SMALL_MICRO = "small-micro"
    NON_COMPLIANT = "non-compliant"
    LONG_CLOSED = "long-closed"


NEVER_CUT = (Control.HEATING, Control.SERVICE)
"""On the list, but never stopped or limited (Yangquan 2020, part 2 item 2): a rule that cuts them is an error."""

UNCOUNTED = (Control.LIVELIHOOD, Control.HEATING, Control.SERVICE, Control.EXEMPT, Control.LONG_CLOSED)
"""Classes left out when whole lines are counted (model, section 5)."""


class Pollutant(StrEnum):
    """Pollutants of the list; `pm` is particulate matter as the list gives it."""

    SO2 = "so2"
    NOX = "nox"
    PM = "pm"
    VOC = "voc"


class Source(StrEnum):
    """Classes of sources that are no enterprises of the list."""

    LIGHT_VEHICLES = "light-vehicles"
    HEAVY_TRUCKS = "heavy-trucks"
    NON_ROAD_MACHINES = "non-road-machines"
    CONSTRUCTION_DUST = "construction-dust"
    ROAD_DUST = "road-dust"
    RESIDENTIAL_HEATING = "residential-heating"
    OTHER = "other"


class Kind(StrEnum):
    """Kind of measure that a rule row asks for."""

    LOAD = "load"
    LINES = "lines"
    STOP = "stop"
    AUTONOMOUS = "autonomous"
    COKING_TIME = "coking_time"
    TRANSPORT = "transport"
    EXEMPT = "exempt"


class Basis(StrEnum):
    """What a rule row rests on, strongest first."""

    TEXT = "text"
    READING = "reading"
    ASSUMED = "assumed"

    @staticmethod
    def weakest(*bases: "Basis") -> "Basis":
        return max(bases, key=list(Basis).index)
