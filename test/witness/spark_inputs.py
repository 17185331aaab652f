"""What Spark writes for the tests: small tables of every shape and type, the same rows on every run."""

import datetime
import decimal
import math
import random

from pyspark.sql import types as t

SEED = 815
UTC = datetime.timezone.utc
WORDS = ["clear", "rain", "", "fög", "雪", "a-rather-long-word-to-shift-the-offsets", "x"]


def price(precision, scale):
    def make(rng):
        unscaled = rng.choice([0, 10**precision - 1, 1 - 10**precision, rng.randint(-(10 ** min(6, precision)), 10**3)])
        with decimal.localcontext() as context:
            context.prec = 40
            return decimal.Decimal(unscaled).scaleb(-scale)

    return make


def day(rng):
    return datetime.date(2025, 8, 15) + datetime.timedelta(rng.randint(-40_000, 40_000))


def moment(rng):
    return datetime.datetime(2025, 8, 15, tzinfo=UTC) + datetime.timedelta(microseconds=rng.randint(-(10**15), 10**15))


def whole(bits):
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    return lambda rng: rng.choice([low, high, 0, -1, rng.randint(low, high), rng.randint(-50, 50)])


def real(rng):
    return rng.choice([0.0, -0.0, math.inf, -math.inf, -1.5, rng.gauss(0, 1), float(rng.randint(0, 9))])


def word(rng):
    return rng.choice([*WORDS, f"row {rng.randint(0, 300)}"])


FLAT = [
    ("flag", t.BooleanType(), lambda rng: rng.random() < 0.3),
    ("i8", t.ByteType(), whole(8)),
    ("i16", t.ShortType(), whole(16)),
    ("i32", t.IntegerType(), whole(32)),
    ("i64", t.LongType(), whole(64)),
    ("f32", t.FloatType(), lambda rng: rng.choice([0.5, -0.0, math.inf, 1.25, float(rng.randint(-9, 9))])),
    ("f64", t.DoubleType(), real),
    ("nan", t.DoubleType(), lambda rng: rng.choice([math.nan, 1.0, -1.0])),
    ("text", t.StringType(), word),
    ("bytes", t.BinaryType(), lambda rng: rng.choice([b"", b"\xff\xfe", b"\0", rng.randbytes(rng.randint(0, 20))])),
    ("day", t.DateType(), day),
    ("at", t.TimestampType(), moment),
    ("at_local", t.TimestampNTZType(), lambda rng: moment(rng).replace(tzinfo=None)),
    ("price_9", t.DecimalType(9, 2), price(9, 2)),
    ("price_18", t.DecimalType(18, 4), price(18, 4)),
    ("price_38", t.DecimalType(38, 10), price(38, 10)),
    ("never", t.StringType(), lambda rng: None),
]
INT96 = [("at", t.TimestampType(), moment), ("word", t.StringType(), word)]

POINT = t.StructType(
    [
        t.StructField("lat", t.DoubleType(), False),
        t.StructField("lon", t.DoubleType()),
        t.StructField("kind", t.StringType()),
    ]
)
DEVICE = t.StructType([t.StructField("maker", t.StringType()), t.StructField("point", POINT)])


def maybe(rng, value, odds=0.15):
    return None if rng.random() < odds else value


def some(rng, make, most=4):
    return [make() for _ in range(rng.randint(0, most))]


def point(rng):
    return (rng.uniform(33, 35), maybe(rng, rng.uniform(-9, 9)), maybe(rng, word(rng)))


NESTED = [
    ("tags", t.ArrayType(t.StringType()), lambda rng: some(rng, lambda: maybe(rng, word(rng)))),
    ("track", t.ArrayType(POINT), lambda rng: some(rng, lambda: maybe(rng, point(rng)), 6)),
    (
        "attributes",
        t.MapType(t.StringType(), t.IntegerType()),
        lambda rng: {f"k{i}": maybe(rng, rng.randint(-9, 9)) for i in range(rng.randint(0, 3))},
    ),
    ("device", DEVICE, lambda rng: (maybe(rng, word(rng)), maybe(rng, point(rng)))),
    (
        "matrix",
        t.ArrayType(t.ArrayType(t.IntegerType())),
        lambda rng: some(rng, lambda: maybe(rng, some(rng, lambda: maybe(rng, rng.randint(0, 9)), 3)), 3),
    ),
    (
        "histories",
        t.MapType(t.StringType(), t.ArrayType(t.LongType())),
        lambda rng: {f"h{i}": maybe(rng, some(rng, lambda: rng.getrandbits(62))) for i in range(rng.randint(0, 2))},
    ),
]

LEGACY = {"spark.sql.parquet.writeLegacyFormat": "true"}
PAGES = {"parquet.page.size": "600", "parquet.page.row.count.limit": "50", "parquet.block.size": "20000"}

# Name, columns, settings of the session, options of the writer.
CASES = [
    ("flat", FLAT, {}, {}),
    ("flat_pages", FLAT, {}, {**PAGES, "compression": "gzip"}),
    ("flat_plain", FLAT, {}, {"parquet.enable.dictionary": "false", "compression": "none"}),
    ("flat_v2", FLAT, {}, {"parquet.writer.version": "PARQUET_2_0"}),
    ("nested", NESTED, {}, {}),
    ("nested_pages", NESTED, {}, PAGES),
    ("nested_legacy", NESTED, LEGACY, {}),
    ("nested_v2", NESTED, {}, {"parquet.writer.version": "PARQUET_2_0", "parquet.page.size": "600"}),
    ("int96", INT96, {"spark.sql.parquet.outputTimestampType": "INT96"}, {}),
    ("decimals_legacy", [column for column in FLAT if column[0].startswith("price")], LEGACY, {}),
    ("bloom", FLAT[:9], {}, {"parquet.bloom.filter.enabled": "true", "parquet.bloom.filter.max.bytes": "1024"}),
]


def schema_of(columns):
    fields = [t.StructField("id", t.LongType(), False)]
    for number, (name, kind, _) in enumerate(columns):
        # Comments travel in Spark's own row metadata and nowhere else in the file.
        fields.append(t.StructField(name, kind, True, {"comment": f"column {number} ({name})"}))
    return t.StructType(fields)


def rows_of(columns, rng, first, count):
    return [(first + i, *(maybe(rng, make(rng)) for _, _, make in columns)) for i in range(count)]
