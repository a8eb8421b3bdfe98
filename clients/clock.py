"""The statutory clock a second time: date by date and interval by interval, sharing nothing with the program.

    clock.py check                                    its own vectors, one after another
    clock.py holidays                                 the calendar against the package `holidays`
    clock.py vectors, clock.py refusals               lines of {"clock", "answer"} and of {"clock", "field"}, for the program to be held against
    clock.py answer < clocks.json                     {"clocks": […]} → {"clocks": […]}, as the program is asked
    clock.py random --count N [--seed S] [--wrong]    lines of {"kind", "clock", "answer"}; --wrong: one answer a day late

The times of a clock are civil times of Seoul, which is nine hours ahead of UTC on every day that matters here.
"""
import argparse, json, pathlib, random, re, sys, tomllib
from datetime import date, datetime, time, timedelta, timezone

PACK = pathlib.Path(__file__).parent.parent / "packs/kr"
SEOUL = timezone(timedelta(hours=9))
DAY = timedelta(days=1)
FOREVER = datetime.max
WHYS = ("supplement", "shared-data", "prerequisite", "travel", "representative", "hearing", "expert", "inspection")
UNKNOWN = {"state": "unknown", "due_on": None, "due_at": None, "weekend_days": 0, "holidays": [], "paused_days": 0}
PAUSED = {**UNKNOWN, "state": "paused"}


class Refused(Exception):
    """Carries the field that is wrong."""


def midnight(day):
    return datetime.combine(day, time())


class Calendar:
    def __init__(self, table, agencies):
        self.first, self.last = (date.fromisoformat(text) for text in table["covers"])
        self.holidays = {date.fromisoformat(entry["date"]) for entry in table["holiday"]}
        self.hours = {entry.get("agency"): entry for entry in table["hours"]}
        self.agencies = agencies

    @classmethod
    def read(cls):
        table = tomllib.loads((PACK / "calendar.toml").read_text("utf-8"))
        agencies = tomllib.loads((PACK / "agencies.toml").read_text("utf-8"))["agency"]
        return cls(table, [agency["id"] for agency in agencies])

    def covers(self, day):
        return self.first <= day <= self.last

    def is_weekend(self, day):
        return day.weekday() >= 5

    def is_working_day(self, day):
        return not self.is_weekend(day) and day not in self.holidays

    def working_time(self, day, agency):
        """[(from, to)…] of a working day."""
        entry = self.hours.get(agency, self.hours[None])
        at = lambda text: datetime.combine(day, time.fromisoformat(text))
        if "lunch" not in entry:
            return [(at(entry["open"]), at(entry["close"]))]
        return [(at(entry["open"]), at(entry["lunch"][0])), (at(entry["lunch"][1]), at(entry["close"]))]


# Reading what is asked.

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")
PERIOD = re.compile(r"P(?:T(?P<hours>\d+)H|(?P<number>\d+)(?P<unit>[DWMY]))", re.ASCII)


def read_instant(text, field):
    """A civil time of Seoul."""
    if not isinstance(text, str) or not INSTANT.fullmatch(text):
        raise Refused(field)
    try:
        return datetime.fromisoformat(text).astimezone(SEOUL).replace(tzinfo=None)
    except ValueError:
        raise Refused(field) from None


def write_instant(moment):
    return moment.replace(tzinfo=SEOUL).isoformat()


class Clock:
    def __init__(self, asked, calendar):
        self.calendar = calendar
        self.received = read_instant(asked["received"], "received")
        found = PERIOD.fullmatch(asked["period"])
        if not found:
            raise Refused("period")
        self.unit = found["unit"] or "H"
        first_number = int(found["number"] or found["hours"])
        if first_number < 1:
            raise Refused("period")
        counting = asked.get("counting") or "statute"
        if counting not in ("statute", "civil"):
            raise Refused("counting")
        self.civil = counting == "civil"
        if self.civil and self.unit == "H":
            raise Refused("period")
        extensions = asked.get("extensions") or []
        if len(extensions) > 2 or any(not 1 <= more <= first_number for more in extensions):
            raise Refused("extensions")
        self.number = first_number + sum(extensions)
        # Whether hours are counted goes by the period as it was, however long it got.
        self.in_hours = self.unit == "H" or (self.unit == "D" and first_number <= 5 and not self.civil)
        self.agency = asked.get("agency")
        if self.agency is not None and self.agency not in calendar.agencies:
            raise Refused("agency")
        self.supplements, others = [], []
        # From its moment on nothing is ever counted again.
        self.never_again = FOREVER
        for pause in asked.get("pauses") or []:
            if pause["why"] not in WHYS:
                raise Refused("pauses")
            start = read_instant(pause["from"], "pauses")
            end = FOREVER if pause["to"] is None else read_instant(pause["to"], "pauses")
            if end < start:
                raise Refused("pauses")
            if pause["why"] == "supplement":
                self.supplements.append((start.date(), end.date()))
                start = midnight(start.date())
            else:
                others.append((start, end))
            if pause["to"] is None:
                self.never_again = min(self.never_again, start)
        self.others = union(others)

    # What a pause takes away.

    def is_supplement_date(self, day):
        return any(start <= day <= end for start, end in self.supplements)

    def is_inside_pauses(self, start, end):
        return any(since <= start and end <= until for since, until in self.others)

    def is_paused_working_day(self, day):
        """Of the day of receipt, where hours are counted, only what was left of it matters."""
        if self.is_supplement_date(day):
            return True
        since = self.received if self.in_hours else midnight(day)
        parts = [(max(start, since), end) for start, end in self.calendar.working_time(day, self.agency) if end > since]
        return parts != [] and all(self.is_inside_pauses(*part) for part in parts)

    def is_paused_date(self, day):
        return self.is_supplement_date(day) or self.is_inside_pauses(midnight(day), midnight(day + DAY))

    def stopped(self, day):
        """What there is to say when the count comes to this day and cannot go on. Nothing past the calendar matters, a pause neither."""
        if self.calendar.covers(day):
            return PAUSED if self.never_again <= midnight(day) else None
        return PAUSED if self.never_again < midnight(self.calendar.last + DAY) else UNKNOWN

    # The answer.

    def answer(self):
        if not self.calendar.covers(self.received.date()):
            return UNKNOWN
        if self.in_hours:
            return self.count_working_time()
        if self.unit == "D" and not self.civil:
            return self.count_working_days()
        return self.count_dates()

    def count_working_time(self):
        hours = self.number if self.unit == "H" else 8 * self.number
        left = timedelta(hours=min(hours, 10**9))  # that many are past every calendar
        day = self.received.date()
        while True:
            if stopped := self.stopped(day):
                return stopped
            if self.calendar.is_working_day(day) and not self.is_supplement_date(day):
                for start, end in self.calendar.working_time(day, self.agency):
                    for since, until in without(self.others, max(start, self.received), end):
                        if until - since >= left:
                            return self.due(day, since + left)
                        left -= until - since
            day += DAY

    def count_working_days(self):
        left = self.number
        day = self.received.date()
        while True:
            if stopped := self.stopped(day):
                return stopped
            if self.calendar.is_working_day(day) and not self.is_paused_working_day(day):
                left -= 1
                if left == 0:
                    return self.due(day, None)
            day += DAY

    def due(self, due_on, due_at):
        """Of counting in working time or working days: what was passed over on the way."""
        weekend_days, holidays, paused_days = 0, [], 0
        day = self.received.date()
        while day <= due_on:
            if self.calendar.is_weekend(day):
                weekend_days += 1
            elif day in self.calendar.holidays:
                holidays.append(day.isoformat())
            elif self.is_paused_working_day(day):
                paused_days += 1
            day += DAY
        return {
            "state": "running", "due_on": due_on.isoformat(), "due_at": due_at and write_instant(due_at),
            "weekend_days": weekend_days, "holidays": holidays, "paused_days": paused_days,
        }

    def count_dates(self):
        day = self.received.date() + (DAY if self.civil else timedelta())
        left = nominal_length(day, self.number, self.unit)
        weekend_days, holidays, paused_days = 0, [], 0
        while True:
            if stopped := self.stopped(day):
                return stopped
            # `left` is 0 from the last day on, which does not stay on a day off: the days it is pushed over begin with itself,
            # so that the dates up to the due one are always those counted and those passed over.
            if self.is_paused_date(day):
                paused_days += 1
            else:
                left = max(left - 1, 0)
                if left == 0:
                    if self.calendar.is_working_day(day):
                        break
                    if self.calendar.is_weekend(day):
                        weekend_days += 1
                    else:
                        holidays.append(day.isoformat())
            day += DAY
        return {
            "state": "running", "due_on": day.isoformat(), "due_at": None,
            "weekend_days": weekend_days, "holidays": holidays, "paused_days": paused_days,
        }


def union(intervals):
    """The same time as intervals that neither overlap nor touch."""
    found = []
    for start, end in sorted(intervals):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def without(pauses, start, end):
    """The parts of start–end outside the pauses, in order."""
    for since, until in pauses:
        if since < end and until > start:
            if start < since:
                yield start, since
            start = until
    if start < end:
        yield start, end


def nominal_length(start, number, unit):
    """How many dates from the first to the nominal last, both counted."""
    if unit == "D":
        return number
    if unit == "W":
        return 7 * number
    months = start.year * 12 + start.month - 1 + number * (12 if unit == "Y" else 1)
    year, month = months // 12, months % 12 + 1
    if year >= 9999:
        return sys.maxsize  # past every calendar
    try:
        end = date(year, month, start.day) - DAY
    except ValueError:  # that month has no such day: its last one
        end = date(year + month // 12, month % 12 + 1, 1) - DAY
    return (end - start).days + 1


def answer(asked, calendar):
    try:
        return Clock(asked, calendar).answer()
    except Refused as refused:
        return {"refused": str(refused)}


# Random clocks.

TIMES = ("00:00:00", "00:00:01", "08:59:59", "09:00:00", "09:00:01", "11:59:59", "12:00:00", "12:00:01", "12:30:00", "12:59:59", "13:00:00",
         "13:00:01", "17:59:59", "18:00:00", "18:00:01", "23:59:59")
KINDS = ("hours", "days to 5", "days from 6", "weeks", "months", "years", "civil days", "civil weeks", "civil months", "civil years")


class Chance(random.Random):
    def perhaps(self, percent):
        return self.randrange(100) < percent

    def time(self):
        if self.perhaps(65):
            return time.fromisoformat(self.choice(TIMES))
        return (datetime.min + timedelta(seconds=self.randrange(86_400))).time()

    def instant(self, moment):
        """The same instant, seldom in another zone."""
        zone = timezone(timedelta(minutes=self.choice((0, -300, 330)))) if self.perhaps(15) else SEOUL
        text = moment.replace(tzinfo=SEOUL).astimezone(zone).isoformat()
        return text.replace("+00:00", "Z") if self.perhaps(50) else text

    def received(self, calendar):
        kind = self.randrange(100)
        if kind < 50:
            day = calendar.first + timedelta(days=self.randrange((calendar.last - calendar.first).days + 1))
        elif kind < 85:
            day = self.choice(sorted(calendar.holidays)) + timedelta(days=self.randint(-6, 3))
        elif kind < 92:
            day = calendar.first + timedelta(days=self.randint(-4, 12))
        else:
            day = calendar.last + timedelta(days=min(self.randint(-90, 3), self.randint(-40, 3)))
        return datetime.combine(day, self.time())

    def pauses(self, received, span):
        """Around the days that are counted; one may begin where another ended, or leave only a lunch free."""
        found, end = [], None
        for _ in range(self.choice((0, 0, 1, 1, 2, 2, 3, 4, 6))):
            day = received.date() + timedelta(days=self.randint(-3, span + 2))
            start = datetime.combine(day, self.time())
            if end is not None and self.perhaps(30):
                start = end  # touches
            elif self.perhaps(8):
                start = received
            kind = self.randrange(10)
            if kind == 0:
                end = start
            elif kind < 3:
                end = start + timedelta(seconds=self.choice((1, 60, 3_600, 14_400, 28_800, 32_400)))
            elif kind < 4:
                end = start + timedelta(minutes=self.randrange(1, 1_500))
            elif kind < 7:
                end = datetime.combine(start.date() + timedelta(days=self.randrange(4)), self.time())
            elif kind < 9:
                end = datetime.combine(start.date() + timedelta(days=self.randrange(1, 3 + span // 2)), self.time())
            else:
                end = midnight(start.date()) + timedelta(days=self.randrange(1, 9))
            start, end = min(start, end), max(start, end)
            why = "supplement" if self.perhaps(25) else self.choice(WHYS)
            found.append([why, start, end])
            if self.perhaps(10):
                morning, afternoon = ((time(9), time(12)), (time(13), time(18)))
                found += [[self.choice(WHYS[1:]), datetime.combine(day, a), datetime.combine(day, b)] for a, b in (morning, afternoon)]
        if found and self.perhaps(12):
            self.choice(found)[2] = None
        self.shuffle(found)
        return [{"why": why, "from": self.instant(start), "to": end and self.instant(end)} for why, start, end in found]

    def clock(self, calendar):
        kind = self.choice(KINDS)
        number, text, days = {
            "hours": (self.choice((1, 3, 8, 9, 16, self.randint(1, 60), self.randint(1, 400))), "PT{}H", 0.3),
            "days to 5": (self.randint(1, 5), "P{}D", 1.5),
            "days from 6": (self.choice((6, 7, 10, 14, 30, self.randint(6, 120))), "P{}D", 1.5),
            "weeks": (self.randint(1, 12), "P{}W", 7),
            "months": (self.randint(1, 14), "P{}M", 30),
            "years": (self.choice((1, 1, 1, 2, 3)), "P{}Y", 365),
        }[kind.removeprefix("civil ") if kind != "civil days" else self.choice(("days to 5", "days from 6"))]
        if self.perhaps(1) and "years" not in kind:
            number = min(number * 100, 9_999)  # mostly past the calendar
        received = self.received(calendar)
        clock = {"received": self.instant(received), "period": text.format(number)}
        if kind.startswith("civil"):
            clock["counting"] = "civil"
        elif self.perhaps(10):
            clock["counting"] = "statute"
        if self.perhaps(25):
            clock["agency"] = self.choice(calendar.agencies)
        span = min(int(number * days) + 1, 400)
        pauses = self.pauses(received, span)
        if pauses or self.perhaps(20):
            clock["pauses"] = pauses
        if self.perhaps(30):
            clock["extensions"] = [self.choice((1, number, self.randint(1, number))) for _ in range(self.choice((1, 1, 2)))]
        elif self.perhaps(10):
            clock["extensions"] = []
        return kind, clock


def print_random(count, seed, wrong):
    calendar, chance = Calendar.read(), Chance(seed)
    spoilt = None
    for _ in range(count):
        kind, clock = chance.clock(calendar)
        found = answer(clock, calendar)
        if wrong and spoilt is None and found["due_on"]:
            spoilt = found = {**found, "due_on": (date.fromisoformat(found["due_on"]) + DAY).isoformat()}
        print(json.dumps({"kind": kind, "clock": clock, "answer": found}))
    assert not wrong or spoilt, "nothing to spoil"


# Its own vectors.

def pause(why, start, end):
    return {"why": why, "from": f"{start}:00+09:00", "to": end and f"{end}:00+09:00"}


# (received, period, what else is asked, due on, due at): a due date of "paused" or "unknown" is a state.
VECTORS = [
    ("2026-09-23T10:00", "P7D", {}, "2026-10-06", None),
    ("2026-09-23T10:00", "P14D", {}, "2026-10-16", None),
    ("2026-09-23T16:00", "PT3H", {}, "2026-09-28", "10:00"),
    ("2026-09-23T16:00", "P3D", {}, "2026-09-30", "16:00"),
    ("2026-02-13T17:30", "PT8H", {}, "2026-02-19", "17:30"),
    ("2026-01-31T10:00", "P1M", {}, "2026-03-03", None),
    # The same count by the hour and by the day; a count is full at closing time and at lunch, not when the doors open again.
    ("2026-10-12T09:00", "P1D", {}, "2026-10-12", "18:00"),
    ("2026-10-12T08:00", "PT3H", {}, "2026-10-12", "12:00"),
    ("2026-10-12T12:30", "PT1H", {}, "2026-10-12", "14:00"),
    ("2026-10-12T18:00", "PT1H", {}, "2026-10-13", "10:00"),
    ("2026-10-10T11:00", "PT1H", {}, "2026-10-12", "10:00"),
    # Received after closing: by days the first day counts all the same.
    ("2026-10-12T23:00", "P6D", {}, "2026-10-19", None),
    # Pauses by the hour: a part before receipt changes nothing, touching ones are one.
    ("2026-10-12T10:00", "PT2H", {"pauses": [pause("expert", "2026-10-12T08:00", "2026-10-12T11:00")]}, "2026-10-12", "14:00"),
    ("2026-10-12T10:00", "PT1H", {"pauses": [pause("expert", "2026-10-12T11:00", None)]}, "2026-10-12", "11:00"),
    ("2026-10-12T10:00", "PT2H", {"pauses": [pause("expert", "2026-10-12T11:00", None)]}, "paused", None),
    ("2026-10-12T10:00", "PT2H", {"pauses": [pause("supplement", "2026-10-12T17:00", "2026-10-13T09:01")]}, "2026-10-14", "11:00"),
    # By the day: the whole working time has to be inside the pauses, lunch and night need not.
    ("2026-10-12T10:00", "P6D", {"pauses": [pause("travel", "2026-10-13T13:00", "2026-10-13T18:00"), pause("expert", "2026-10-13T09:00", "2026-10-13T12:00")]}, "2026-10-20", None),
    ("2026-10-12T10:00", "P6D", {"pauses": [pause("travel", "2026-10-13T09:01", "2026-10-13T18:00")]}, "2026-10-19", None),
    ("2026-10-12T10:00", "P6D", {"pauses": [pause("supplement", "2026-10-13T23:59", "2026-10-14T00:00")]}, "2026-10-21", None),
    # Weeks, months, years: whole dates only, from midnight to midnight.
    ("2026-10-12T10:00", "P1W", {}, "2026-10-19", None),
    ("2026-10-13T10:00", "P1W", {}, "2026-10-19", None),
    ("2026-10-12T10:00", "P1W", {"pauses": [pause("travel", "2026-10-13T00:00", "2026-10-15T00:00")]}, "2026-10-20", None),
    ("2026-10-12T10:00", "P1W", {"pauses": [pause("travel", "2026-10-13T00:01", "2026-10-15T00:00")]}, "2026-10-19", None),
    ("2024-02-29T10:00", "P1Y", {}, "2025-02-28", None),
    ("2024-02-28T10:00", "P1Y", {}, "2025-02-27", None),
    ("2026-02-01T10:00", "P1M", {}, "2026-03-03", None),
    # By the Civil Act the first day is left out.
    ("2026-10-12T10:00", "P1D", {"counting": "civil"}, "2026-10-13", None),
    ("2026-10-12T10:00", "P5D", {"counting": "civil"}, "2026-10-19", None),
    ("2026-01-30T10:00", "P1M", {"counting": "civil"}, "2026-03-03", None),
    ("2026-10-12T10:00", "P1W", {"counting": "civil"}, "2026-10-19", None),
    # Extensions keep to the kind of counting the period began with.
    ("2026-10-12T09:00", "P5D", {"extensions": [5]}, "2026-10-23", "18:00"),
    ("2026-10-12T09:00", "P6D", {"extensions": [6, 1]}, "2026-10-28", None),
    ("2026-10-12T09:00", "P1M", {"extensions": [1]}, "2026-12-11", None),
    # The calendar's edges.
    ("2017-12-31T23:59", "P6D", {}, "unknown", None),
    ("2018-01-01T00:00", "PT1H", {}, "2018-01-02", "10:00"),
    ("2027-12-31T17:00", "PT1H", {}, "2027-12-31", "18:00"),
    ("2027-12-31T17:01", "PT1H", {}, "unknown", None),
    ("2027-12-31T17:01", "PT1H", {"pauses": [pause("travel", "2027-12-31T17:30", None)]}, "paused", None),
    ("2027-12-31T17:01", "PT1H", {"pauses": [pause("travel", "2028-01-01T00:00", None)]}, "unknown", None),
    ("2027-12-31T10:00", "P1D", {"counting": "civil", "pauses": [pause("travel", "2027-12-30T10:00", None)]}, "paused", None),
    ("2027-12-31T10:00", "P1D", {"counting": "civil"}, "unknown", None),
]
# (received, period, what else is asked, Saturdays and Sundays, holidays, paused days).
PASSED_OVER = [
    ("2026-09-23T10:00", "P7D", {}, 4, ["2026-09-24", "2026-09-25", "2026-10-05"], 0),
    ("2026-09-23T16:00", "PT3H", {}, 2, ["2026-09-24", "2026-09-25"], 0),
    ("2026-10-12T10:00", "PT2H", {"pauses": [pause("supplement", "2026-10-12T17:00", "2026-10-13T09:01")]}, 0, [], 2),
    # Of the day of receipt only what was left of it, if anything was.
    ("2026-10-12T12:00", "PT2H", {"pauses": [pause("travel", "2026-10-12T12:00", "2026-10-13T00:00")]}, 0, [], 1),
    ("2026-10-12T19:00", "PT2H", {"pauses": [pause("travel", "2026-10-12T08:00", "2026-10-12T20:00")]}, 0, [], 0),
    # A last day that does not stay where it fell: on Saturday, so Saturday and Sunday; on a holiday; on nothing.
    ("2026-01-31T10:00", "P1M", {}, 2, ["2026-03-02"], 0),
    ("2024-05-07T10:00", "P1Y", {}, 0, ["2025-05-06"], 0),
    ("2026-10-12T10:00", "P6D", {"counting": "civil"}, 1, [], 0),
    ("2026-10-13T10:00", "P1W", {}, 0, [], 0),
    # A Saturday that is paused is a paused day where dates are counted, and a Saturday where working days are.
    ("2026-10-12T10:00", "P8D", {"counting": "civil", "pauses": [pause("supplement", "2026-10-17T10:00", "2026-10-17T11:00")]}, 0, [], 1),
    ("2026-10-12T10:00", "P8D", {"pauses": [pause("supplement", "2026-10-17T10:00", "2026-10-17T11:00")]}, 2, [], 0),
]
REFUSED = [
    ("period", {"period": text}) for text in ("", "P", "P0D", "PT0H", "P-1D", "P1.5D", "P1DT1H", "PT1M", "P1D ", "p1d", "7", "P١D")
] + [
    ("period", {"period": "PT8H", "counting": "civil"}),
    ("counting", {"counting": "roman"}),
    ("agency", {"agency": "nowhere"}),
    ("pauses", {"pauses": [pause("coffee", "2026-10-12T10:00", None)]}),
    ("pauses", {"pauses": [pause("travel", "2026-10-12T10:00", "2026-10-12T09:59")]}),
    ("pauses", {"pauses": [pause("travel", "2026-10-12", None)]}),
    ("extensions", {"extensions": [1, 1, 1]}),
    ("extensions", {"extensions": [8]}),
    ("extensions", {"extensions": [7, 8]}),
    ("extensions", {"extensions": [0]}),
] + [("received", {"received": text}) for text in ("", "2026-10-12", "2026-10-12T10:00:00", "2026-02-30T10:00:00+09:00", "yesterday")]
GOOD = {"received": "2026-10-12T10:00:00+09:00", "period": "P7D"}


def vectors():
    """The clocks and what is certain of their answers."""
    for received, period, more, due_on, at in VECTORS:
        state = due_on if due_on in ("paused", "unknown") else "running"
        yield {"received": f"{received}:00+09:00", "period": period, **more}, {
            "state": state, "due_on": due_on if state == "running" else None, "due_at": f"{due_on}T{at}:00+09:00" if at else None,
        }
    for received, period, more, *passed in PASSED_OVER:
        yield {"received": f"{received}:00+09:00", "period": period, **more}, dict(zip(("weekend_days", "holidays", "paused_days"), passed))


def check():
    calendar = Calendar.read()
    for asked, wanted in vectors():
        found = answer(asked, calendar)
        assert {**found, **wanted} == found, f"{asked}: {found}"
    for field, more in REFUSED:
        found = answer({**GOOD, **more}, calendar)
        assert found == {"refused": field}, f"{more}: {found}"
    # Hours of one agency.
    other = Calendar({"covers": ["2026-01-01", "2026-12-31"], "holiday": [], "hours": [
        {"open": "09:00", "close": "18:00", "lunch": ["12:00", "13:00"]},
        {"agency": "night", "open": "10:30", "close": "20:00", "lunch": ["14:00", "14:30"]},
    ]}, ["night", "day"])
    for agency, due in (("night", "2026-10-12T13:30:00+09:00"), ("day", "2026-10-12T12:00:00+09:00")):
        found = answer({"received": "2026-10-12T08:00:00+09:00", "period": "PT3H", "agency": agency}, other)
        assert found["due_at"] == due, found
    # Every date from the first to the due one was counted or passed over; of working days none twice.
    chance = Chance(1)
    for _ in range(2_000):
        kind, asked = chance.clock(calendar)
        clock = Clock(asked, calendar)
        found = clock.answer()
        if found["state"] == "running" and not clock.in_hours:
            first = clock.received.date() + (DAY if clock.civil else timedelta())
            dates = (date.fromisoformat(found["due_on"]) - first).days + 1
            counted = nominal_length(first, clock.number, clock.unit)
            assert dates == counted + found["weekend_days"] + len(found["holidays"]) + found["paused_days"], (asked, found)
    check_calendar_judge()
    print(f"{len(VECTORS) + len(PASSED_OVER)} vectors, {len(REFUSED)} refusals")


# The calendar against somebody else's list.

# What the package lists as days off and the calendar does not, and the other way round, each with its reason. Election days, temporary
# holidays and substitute holidays are in both; so are Labour Day and Constitution Day since they are public holidays (2026).
DIFFERENCES = {
    date(year, 5, 1): "theirs: Workers' Day, until 2025 a day off by another act for employees and banks; public offices were open"
    for year in range(2018, 2026)
}


def differences(ours, theirs):
    return {day: "ours" for day in ours - theirs} | {day: "theirs" for day in theirs - ours}


def unexplained(ours, theirs):
    """Differences without a reason, and reasons without a difference."""
    found = set(differences(ours, theirs).items())
    return sorted(found ^ {(day, reason.split(":")[0]) for day, reason in DIFFERENCES.items()})


def check_calendar_judge():
    """A day left out, a day too many and a reason that is no longer one are all told."""
    ours = {date(2026, 1, 1), date(2026, 3, 1)}
    theirs = ours | set(DIFFERENCES)
    assert unexplained(ours, theirs) == []
    assert unexplained(ours - {date(2026, 3, 1)}, theirs) == [(date(2026, 3, 1), "theirs")]
    assert unexplained(ours | {date(2026, 3, 2)}, theirs) == [(date(2026, 3, 2), "ours")]
    assert unexplained(ours, theirs - {date(2020, 5, 1)}) == [(date(2020, 5, 1), "theirs")]


def check_holidays():
    import holidays  # pinned in requirements.txt; nothing else here needs it

    calendar = Calendar.read()
    years = range(calendar.first.year, calendar.last.year + 1)
    theirs = set(holidays.country_holidays("KR", years=years, categories=("public", "bank")))
    left = unexplained(calendar.holidays, theirs)
    assert not left, f"not explained in DIFFERENCES, or no longer there: {left}"
    print(f"{len(calendar.holidays & theirs)} days off in both, {len(DIFFERENCES)} explained")


def main():
    parser = argparse.ArgumentParser()
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("check", "holidays", "vectors", "refusals", "answer"):
        verbs.add_parser(verb)
    some = verbs.add_parser("random")
    some.add_argument("--count", type=int, required=True)
    some.add_argument("--seed", type=int, default=None)
    some.add_argument("--wrong", action="store_true")
    given = parser.parse_args()
    if given.verb == "check":
        check()
    elif given.verb == "holidays":
        check_holidays()
    elif given.verb == "answer":
        calendar = Calendar.read()
        json.dump({"clocks": [answer(clock, calendar) for clock in json.load(sys.stdin)["clocks"]]}, sys.stdout)
    elif given.verb == "vectors":
        for clock, found in vectors():
            print(json.dumps({"clock": clock, "answer": found}))
    elif given.verb == "refusals":
        for field, more in REFUSED:
            print(json.dumps({"clock": {**GOOD, **more}, "field": field}))
    else:
        seed = random.SystemRandom().randrange(2**32) if given.seed is None else given.seed
        print(f"seed {seed}", file=sys.stderr)
        print_random(given.count, seed, given.wrong)


if __name__ == "__main__":
    main()
