"""The catalogue answered by a plain loop: a peer for `cargo xtask bench`. Prints the median for one person."""
import pathlib, random, time

lines = (pathlib.Path(__file__).parent.parent / "packs/kr/catalogue/gov24.tsv").read_text("utf-8").splitlines()
codes = next(line for line in lines if line.startswith("# JA0101"))[2:].split()
bit = {code: 1 << place for place, code in enumerate(codes)}
rows = [line.split("\t") for line in lines if not line.startswith("#")][1:]
services = [(row[0], row[2], row[3], int(row[5]), int(row[6]), int(row[7], 16)) for row in rows]


def group(prefixes, none=None):
    return [bit[code] for code in codes if code.startswith(prefixes) and code != none], bit.get(none, 0)


GROUPS = [group(("JA01",)), group(("JA02",)), group(("JA03",), "JA0322"), group(("JA04",), "JA0410")]
OTHERS = group(("JA11", "JA12", "JA21", "JA22"))[0]
RESIDENT = sum(sum(bits) | none for bits, none in GROUPS)


def answer(service, age, region, known):
    """True, False or None, as Kleene had it. `known` tells True, False or None for a flag."""
    _, agency, kind, low, high, flags = service
    if flags & sum(OTHERS) and not flags & RESIDENT:
        return False
    result = True
    if low > 0 or high < 120:
        result = None if age is None else low <= age and (high >= 120 or age <= high)
    if result is not False and kind in ("시군구", "광역시도", "교육청"):
        area = agency.removesuffix("교육청")
        here = None if region is None else region == area or region.startswith(area + " ")
        result = False if here is False else None if here is None else result
    for bits, none in GROUPS:
        if result is False:
            return False
        wanted = [one for one in bits if flags & one]
        if not wanted or len(wanted) == len(bits) or flags & none:
            continue
        found = [known.get(one) for one in wanted]
        held = True if True in found else None if None in found else False
        result = False if held is False else None if held is None else result
    return result


random.seed(2026)
times = []
for _ in range(30):
    known = {one: random.choice((True, False, None)) for bits, _ in GROUPS for one in bits}
    age, region = random.randrange(18, 78), random.choice(("경기도 수원시", "서울특별시 종로구", None))
    start = time.perf_counter()
    counts = {True: 0, False: 0, None: 0}
    for service in services:
        counts[answer(service, age, region, known)] += 1
    times.append(time.perf_counter() - start)
assert sum(counts.values()) == len(services)
print(f"{sorted(times)[len(times) // 2] * 1000:.2f} ms")
