"""OpenFisca's country template for a month: makes people by a seed, computes every variable, writes what went in and what came out.

country.py FOLDER PERSONS [RUNS]: raw little-endian columns in FOLDER, and one line of JSON on standard output.
"""

import json
import pathlib
import resource
import sys
import time

import numpy
from openfisca_core.simulation_builder import SimulationBuilder
from openfisca_country_template import CountryTaxBenefitSystem

PERSON = ["age", "pension", "basic_income", "income_tax", "social_security_contribution"]
HOUSEHOLD = [
    "household_income", "housing_allowance", "parenting_allowance", "housing_tax",
    "disposable_income", "total_benefits", "total_taxes",
]
# Their scales begin in 2017: before that they can't be computed.
SCALES = ["meal_price", "swimming_pool_access"]
MONTHS = {"2016-11": PERSON + HOUSEHOLD, "2017-01": PERSON + HOUSEHOLD + SCALES}
# Where the law turns: some earn exactly this, or one more or less.
TURNS = [1, 249, 499, 500, 999, 1_000, 2_000, 6_000, 12_300, 12_400]
STATUS = ["owner", "tenant", "free_lodger", "homeless"]


def people(persons):
    """Households of one to six; the first of each is an adult."""
    random = numpy.random.default_rng(2017)
    sizes = random.choice([1, 2, 3, 4, 5, 6], size=persons, p=[0.35, 0.28, 0.16, 0.14, 0.05, 0.02])
    ends = numpy.cumsum(sizes)
    households = int(numpy.searchsorted(ends, persons)) + 1
    starts = numpy.concatenate([[0], ends[: households - 1], [persons]])
    sizes = numpy.diff(starts)
    household = numpy.repeat(numpy.arange(households), sizes)
    place = numpy.arange(persons) - starts[household]
    adult = (place == 0) | ((place == 1) & (random.random(persons) < 0.8))
    last = numpy.datetime64("2016-11-01").astype(int)
    days = numpy.where(adult, random.integers(18 * 365, 95 * 366, persons), random.integers(0, 22 * 365, persons))
    # some have their birthday on the first of January, or a day beside it
    january = (2017 - days // 365 - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(int)
    birth = numpy.where(random.random(persons) < 0.1, january + random.integers(-1, 2, persons), last - days)
    earns = adult & (random.random(persons) < 0.7)
    few = random.random(persons) < 0.2
    salary = numpy.where(earns, numpy.where(few, random.integers(0, 600, persons), random.integers(600, 20_000, persons)), 0)
    turning = earns & (random.random(persons) < 0.2)
    salary = numpy.where(turning, random.choice(TURNS, persons) + random.integers(-1, 2, persons), salary)
    returns = numpy.where(random.random(persons) < 0.2, random.integers(0, 3_000, persons), 0)
    status = random.choice(4, size=households, p=[0.5, 0.4, 0.08, 0.02])
    return {
        "starts": starts, "household": household, "adult": adult, "birth": numpy.minimum(birth, last), "salary": salary,
        "capital_returns": returns, "rent": numpy.where(status == 1, random.integers(100, 2_500, households), 0),
        "accommodation_size": random.integers(10, 220, households), "housing_occupancy_status": status,
    }


def simulation(system, made, month):
    builder = SimulationBuilder()
    builder.create_entities(system)
    persons, households = len(made["salary"]), len(made["rent"])
    builder.declare_person_entity("person", range(persons))
    group = builder.declare_entity("household", range(households))
    roles = numpy.where(made["adult"], "adult", "child")
    builder.join_with_persons(group, made["household"], roles)
    simulation = builder.build(system)
    january = f"{month[:4]}-01"
    simulation.set_input("birth", "ETERNITY", made["birth"].astype("datetime64[D]"))
    simulation.set_input("salary", month, made["salary"].astype("float32"))
    simulation.set_input("capital_returns", month, made["capital_returns"].astype("float32"))
    simulation.set_input("rent", month, made["rent"].astype("float32"))
    # the tax of a year looks at its first month
    simulation.set_input("accommodation_size", january, made["accommodation_size"].astype("float32"))
    status = system.get_variable("housing_occupancy_status").possible_values
    coded = status.encode(numpy.array(STATUS)[made["housing_occupancy_status"]])
    simulation.set_input("housing_occupancy_status", january, coded)
    return simulation


def main(folder, persons, runs):
    made = people(persons)
    for name, column in made.items():
        column.astype("<i4").tofile(folder / f"{name}.i32")
    system = CountryTaxBenefitSystem()
    took = {}
    for month, variables in MONTHS.items():
        took[month] = []
        for _ in range(runs):
            one = simulation(system, made, month)
            begun = time.perf_counter()
            found = {}
            for name in variables:
                found[name] = one.calculate(name, month[:4] if name == "housing_tax" else month)
            took[month].append(time.perf_counter() - begun)
        for name, column in found.items():
            column.astype("<f4").tofile(folder / f"{month}.{name}.f32")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"took": took, "variables": MONTHS, "memory": memory}))


main(pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1)
