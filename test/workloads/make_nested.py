"""Partitions with every shape and type of column, the same bytes on every run.

usage: make_nested.py ROOT [nested12|nested500|types12 ...]

nested*: lists, structs, maps, lists of structs and of lists with nulls and empties at every level, INT96, field ids,
the ARROW:schema entry. types12: flat columns of every physical type and most logical ones, with extremes, NaN, -0.0.
The files of one set differ in codec, page version, dictionaries, page and row group sizes, never in schema; one has
no rows. ROOT/<name>/.complete says that all are there. Needs pyarrow and numpy.
"""

import datetime
import decimal
import pathlib
import random
import shutil
import struct
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SEED = 815
CODECS = ["snappy", "gzip", "none"]
WORDS = ["clear", "rain", "", "fög", "雪", "a-rather-long-word-to-shift-the-offsets", "x"]


def field(number, name, kind, nullable=True):
    return pa.field(name, kind, nullable, metadata={"PARQUET:field_id": str(number)})


NESTED = pa.schema(
    [
        field(1, "id", pa.int64(), False),
        field(2, "tags", pa.list_(field(3, "element", pa.string()))),
        field(
            4,
            "track",
            pa.list_(
                field(
                    5,
                    "element",
                    pa.struct(
                        [field(6, "lat", pa.float64(), False), field(7, "lon", pa.float64()), field(8, "kind", pa.string())]
                    ),
                )
            ),
            False,
        ),
        field(9, "attributes", pa.map_(pa.string(), field(10, "value", pa.int32()))),
        field(
            11,
            "device",
            pa.struct(
                [
                    field(12, "maker", pa.string()),
                    field(13, "model", pa.struct([field(14, "name", pa.string()), field(15, "year", pa.int16())])),
                ]
            ),
        ),
        field(16, "matrix", pa.list_(field(17, "element", pa.list_(field(18, "element", pa.float32()))))),
        field(19, "histories", pa.map_(pa.string(), field(20, "value", pa.list_(field(21, "element", pa.int64()))))),
        field(22, "seen_at", pa.timestamp("ns")),
        field(23, "never", pa.string()),
    ],
    metadata={"writer": "nested", "purpose": "all shapes"},
)

TYPES = pa.schema(
    [
        field(1, "flag", pa.bool_()),
        field(2, "flag_required", pa.bool_(), False),
        field(3, "i8", pa.int8()),
        field(4, "i16", pa.int16()),
        field(5, "i32", pa.int32()),
        field(6, "i64", pa.int64()),
        field(7, "u8", pa.uint8()),
        field(8, "u16", pa.uint16()),
        field(9, "u32", pa.uint32()),
        field(10, "u64", pa.uint64()),
        field(11, "f16", pa.float16()),
        field(12, "f32", pa.float32()),
        field(13, "f64", pa.float64()),
        field(14, "text", pa.string()),
        field(15, "bytes", pa.binary()),
        field(16, "fixed", pa.binary(16)),
        field(17, "price_9", pa.decimal128(9, 2)),
        field(18, "price_18", pa.decimal128(18, 4)),
        field(19, "price_38", pa.decimal128(38, 10)),
        field(20, "day", pa.date32()),
        field(21, "time_ms", pa.time32("ms")),
        field(22, "time_us", pa.time64("us")),
        field(23, "time_ns", pa.time64("ns")),
        field(24, "at_ms", pa.timestamp("ms", tz="UTC")),
        field(25, "at_us", pa.timestamp("us")),
        field(26, "at_ns", pa.timestamp("ns", tz="UTC")),
        field(27, "constant", pa.int32(), False),
        field(28, "never", pa.float64()),
    ],
    metadata={"writer": "types"},
)



def maybe(rng, value, odds=0.15):
    return None if rng.random() < odds else value


def some(rng, make, most=4):
    """A list of 0 to `most` made values."""
    return [make() for _ in range(rng.randint(0, most))]


def nested_row(rng, number):
    def number_or_null():
        return maybe(rng, round(rng.uniform(-100, 100), 2))

    def point():
        return maybe(rng, {"lat": rng.uniform(33, 35), "lon": number_or_null(), "kind": maybe(rng, rng.choice(WORDS))})

    def model():
        return maybe(rng, {"name": maybe(rng, rng.choice(WORDS)), "year": maybe(rng, rng.randint(1990, 2026))})

    return {
        "id": number,
        "tags": maybe(rng, some(rng, lambda: maybe(rng, rng.choice(WORDS)))),
        "track": some(rng, point, 6),
        "attributes": maybe(rng, [(f"k{i}", maybe(rng, rng.randint(-9, 9))) for i in range(rng.randint(0, 3))]),
        "device": maybe(rng, {"maker": maybe(rng, rng.choice(WORDS)), "model": model()}),
        "matrix": maybe(rng, some(rng, lambda: maybe(rng, some(rng, number_or_null, 3)), 3)),
        "histories": maybe(
            rng, [(f"h{i}", maybe(rng, some(rng, lambda: maybe(rng, rng.getrandbits(62))))) for i in range(rng.randint(0, 2))]
        ),
        "seen_at": maybe(rng, np.datetime64(rng.randint(-10**17, 2 * 10**18), "ns")),
        "never": None,
    }


# Every extreme once, and bit patterns that a careless copy would change: both zeros, two NaNs.
FLOATS_64 = [0.0, -0.0, float("nan"), struct.unpack("<d", b"\x01\0\0\0\0\0\xf8\xff")[0], float("inf"), -1.5, 5e-324]
FLOATS_32 = [0.0, -0.0, float("nan"), float("-inf"), 1.5, 1e-45]


def types_row(rng, number):
    def integer(width, signed):
        low = -(2 ** (width - 1)) if signed else 0
        high = low + 2**width - 1
        return maybe(rng, rng.choice([low, high, 0, 1, rng.randint(low, high)]))

    def price(precision, scale):
        unscaled = rng.choice([0, 10**precision - 1, 1 - 10**precision, rng.randint(-(10**6), 10**6)])
        with decimal.localcontext() as context:
            context.prec = 40
            return maybe(rng, decimal.Decimal(unscaled).scaleb(-scale))

    def micros(span):
        return rng.randrange(span)

    return {
        "flag": maybe(rng, rng.random() < 0.3),
        "flag_required": number % 3 == 0,
        "i8": integer(8, True),
        "i16": integer(16, True),
        "i32": integer(32, True),
        "i64": integer(64, True),
        "u8": integer(8, False),
        "u16": integer(16, False),
        "u32": integer(32, False),
        "u64": integer(64, False),
        "f16": maybe(rng, np.float16(rng.choice([0.0, -0.0, float("nan"), 65504, 0.333]))),
        "f32": maybe(rng, rng.choice([*FLOATS_32, rng.uniform(-9, 9)])),
        "f64": maybe(rng, rng.choice([*FLOATS_64, rng.gauss(0, 1)])),
        "text": maybe(rng, rng.choice([*WORDS, f"row {number}"])),
        "bytes": maybe(rng, rng.choice([b"", b"\xff\xfe", b"\0", rng.randbytes(rng.randint(0, 40))])),
        "fixed": maybe(rng, rng.choice([bytes(16), b"\xff" * 16, rng.randbytes(16)])),
        "price_9": price(9, 2),
        "price_18": price(18, 4),
        "price_38": price(38, 10),
        "day": maybe(rng, datetime.date(2025, 8, 15) + datetime.timedelta(rng.randint(-40000, 40000))),
        "time_ms": maybe(rng, micros(86_400_000)),
        "time_us": maybe(rng, micros(86_400_000_000)),
        "time_ns": maybe(rng, micros(86_400_000_000_000)),
        "at_ms": maybe(rng, micros(2 * 10**12)),
        "at_us": maybe(rng, rng.randint(-(10**17), 10**17)),
        "at_ns": maybe(rng, rng.randint(-(10**18), 10**18)),
        "constant": 42,
        "never": None,
    }


def write(path, rows, schema, index, int96):
    table = pa.Table.from_pylist(rows, schema=schema)
    with pq.ParquetWriter(
        path,
        table.schema,
        compression=CODECS[index % 3],
        data_page_version="2.0" if index % 4 == 3 else "1.0",
        use_dictionary=index % 5 != 4,
        data_page_size=700 if index % 2 else 1 << 20,
        write_page_checksum=index % 3 == 1,
        write_page_index=index % 3 == 2,
        use_deprecated_int96_timestamps=int96,
        store_decimal_as_integer=True,
    ) as writer:
        writer.write_table(table, row_group_size=max(1, len(rows) // (1 + index % 3)))


def make(directory, files, most_rows, schema, make_row, int96):
    rng = random.Random(SEED)
    number = 0
    for index in range(files):
        count = 0 if index == files // 2 else rng.randint(1, most_rows)
        rows = [make_row(rng, number + i) for i in range(count)]
        number += count
        write(directory / f"part-{index:05d}.parquet", rows, schema, index, int96)


WORKLOADS = {
    "nested12": lambda directory: make(directory, 12, 300, NESTED, nested_row, True),
    "nested500": lambda directory: make(directory, 500, 300, NESTED, nested_row, True),
    "types12": lambda directory: make(directory, 12, 300, TYPES, types_row, False),
}


def main():
    root, *names = sys.argv[1:]
    for name in names or WORKLOADS:
        top = pathlib.Path(root, name)
        if (top / ".complete").exists():
            continue
        shutil.rmtree(top, ignore_errors=True)
        directory = top / "date=2025-08-15"
        directory.mkdir(parents=True)
        WORKLOADS[name](directory)
        (top / ".complete").touch()
        files = list(directory.glob("*.parquet"))
        print(f"{name}: {len(files)} files, {sum(file.stat().st_size for file in files) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
