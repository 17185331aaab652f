"""Vehicle-telemetry partitions as a streaming writer leaves them, the same bytes on every run.

usage: make_telemetry.py ROOT [seed21|small2k|medium200|large8 ...]

ROOT/<name>/date=2025-08-15/ gets the files; ROOT/<name>/.complete says that all are there, and a second call then
does nothing. Needs pyarrow and numpy.
"""

import datetime
import json
import pathlib
import shutil
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SEED = 20250815
MICROS = 1_000_000
MIDNIGHT_US = int(datetime.datetime(2025, 8, 15, tzinfo=datetime.timezone.utc).timestamp()) * MICROS
FLEET = 200

WEATHER = np.array(["clear", "rain", "fog", "snow", "cloudy", "windy"])
WEATHER_ODDS = [0.5, 0.2, 0.05, 0.03, 0.2, 0.02]

# The fleet is drawn once, in this order: what follows depends on how many numbers were drawn before.
_fleet = np.random.default_rng(SEED)
VEHICLE_ID = np.array([f"VEH-{4000 + 7 * i:06d}" for i in range(FLEET)])
DRIVER_ID = np.array([f"DRV-{number:08d}" for number in _fleet.integers(1_000_000, 99_999_999, FLEET)])
POLICY_ID = _fleet.integers(200_000, 300_000, FLEET).astype(np.int64)
ODOMETER = _fleet.integers(1_000, 180_000, FLEET).astype(np.int64)
HOME_LAT = 33.7 + _fleet.normal(0, 0.6, FLEET)
HOME_LON = -84.4 + _fleet.normal(0, 0.8, FLEET)

SCHEMA = pa.schema(
    [
        pa.field("vehicle_id", pa.string(), nullable=False),
        pa.field("event_time", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("trip_id", pa.string()),
        pa.field("speed_mph", pa.float64()),
        pa.field("lat", pa.float64()),
        pa.field("lon", pa.float64()),
        pa.field("accel_x", pa.float32()),
        pa.field("accel_y", pa.float32()),
        pa.field("accel_z", pa.float32()),
        pa.field("harsh_braking", pa.bool_()),
        pa.field("odometer", pa.int64()),
        pa.field("gps_accuracy", pa.int32()),
        pa.field("g_force", pa.float64()),
        pa.field("driver_id", pa.string()),
        pa.field("policy_id", pa.int64(), nullable=False),
        pa.field("weather", pa.string()),
        pa.field("ingest_ts", pa.int64(), nullable=False),
    ],
    metadata={
        "parquet.avro.schema": json.dumps(
            {"type": "record", "name": "VehicleTelemetry", "namespace": "com.example.telemetry"}
        ),
        "writer.model.name": "avro",
    },
)


def readings(rng, rows, start_us, span_s, reporting):
    """A table of `rows` readings: `reporting` vehicles take turns for `span_s` seconds. The draws keep their order."""
    reporting = max(1, min(reporting, rows, FLEET))
    turn = np.arange(rows) % reporting
    step = np.arange(rows) // reporting
    steps = int(step.max()) + 1 if rows else 1

    vehicle = rng.choice(FLEET, reporting, replace=False)[turn]
    time_us = start_us + np.arange(rows) * span_s * MICROS // max(rows, 1) + rng.integers(0, 40_000, rows)

    cruise = rng.uniform(0, 75, reporting)
    speed = np.clip(cruise[None] + np.cumsum(rng.normal(0, 1.1, (steps, reporting)), 0), 0, 95)
    drift_lat = np.cumsum(rng.normal(0, 1.5e-4, (steps, reporting)), 0)
    drift_lon = np.cumsum(rng.normal(0, 1.8e-4, (steps, reporting)), 0)
    away = rng.normal(0, 0.05, (2, reporting))
    lat = HOME_LAT[vehicle] + away[0][turn] + drift_lat[step, turn]
    lon = HOME_LON[vehicle] + away[1][turn] + drift_lon[step, turn]

    accel_x = np.round(rng.normal(0, 0.12, rows), 4).astype(np.float32)
    accel_y = np.round(rng.normal(0, 0.1, rows), 4).astype(np.float32)
    accel_z = np.round(1 + rng.normal(0, 0.02, rows), 4).astype(np.float32)
    braking = rng.random(rows) < 0.012
    accel_x = np.where(braking, accel_x - np.float32(0.55), accel_x)
    squares = [axis.astype(float) ** 2 for axis in (accel_x, accel_y, accel_z)]
    g_force = np.round(np.sqrt(squares[0] + squares[1] + squares[2]), 3)

    start_s = start_us // MICROS
    trip = np.array(
        [
            f"{number:08x}-{(start_s // 1800 * 7919 + i) % 65536:04x}-4{number % 4096:03x}"
            f"-9{(number >> 12) % 4096:03x}-{number * 2654435761 % (1 << 48):012x}"
            for i, number in enumerate(rng.integers(0, 1 << 32, reporting).tolist())
        ]
    )
    weather = WEATHER[rng.choice(len(WEATHER), reporting, p=WEATHER_ODDS)]
    accuracy = rng.integers(2, 14, rows).astype(np.int32)

    trip_unknown = (turn == 0) & (rng.random(rows) < 0.3)
    accuracy_unknown = rng.random(rows) < 0.07
    g_force_unknown = rng.random(rows) < 0.1
    weather_unknown = rng.random(rows) < 0.15
    ingest_ms = time_us // 1000 + rng.integers(80, 2500, rows)

    columns = [
        pa.array(VEHICLE_ID[vehicle]),
        pa.array(time_us, pa.timestamp("us", tz="UTC")),
        pa.array(trip[turn], mask=trip_unknown),
        pa.array(np.round(speed[step, turn], 2)),
        pa.array(np.round(lat, 6)),
        pa.array(np.round(lon, 6)),
        pa.array(accel_x),
        pa.array(accel_y),
        pa.array(accel_z),
        pa.array(braking),
        pa.array(ODOMETER[vehicle] + step * 3 // 60),
        pa.array(accuracy, mask=accuracy_unknown),
        pa.array(g_force, mask=g_force_unknown),
        pa.array(DRIVER_ID[vehicle], mask=vehicle % 9 == 0),
        pa.array(POLICY_ID[vehicle]),
        pa.array(weather[turn], mask=weather_unknown),
        pa.array(ingest_ms.astype(np.int64)),
    ]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def file_name(index, start_us, writer):
    start = datetime.datetime.fromtimestamp(start_us / MICROS, datetime.timezone.utc)
    return f"telemetry-{start:%Y%m%d_%H%M%S}-cf-{index % 3}-writer-{writer}-{start_us // 1000}.parquet"


def write(table, path, row_group_rows=None):
    """Like parquet-avro would: Snappy, dictionaries, no ARROW:schema entry, the key-value metadata added by hand."""
    with pq.ParquetWriter(path, table.schema, compression="snappy", store_schema=False) as writer:
        writer.write_table(table, row_group_size=row_group_rows)
        writer.add_key_value_metadata(table.schema.metadata)


def seed21(directory):
    """21 files of one writer within 21 minutes, 4 to 45 KB."""
    rng = np.random.default_rng(SEED + 1)
    sizes = np.linspace(6, 740, 21).astype(int)
    rng.shuffle(sizes)
    start_us = MIDNIGHT_US + (19 * 3600 + 11 * 60 + 32) * MICROS + 851_000
    for index, rows in enumerate(sizes.tolist()):
        write(readings(rng, rows, start_us, 60, 12), directory / file_name(index, start_us, "A"))
        start_us += 61_237_000


def small2k(directory):
    """2,000 files of four writers over the whole day, about 40 KB each."""
    rng = np.random.default_rng(SEED + 2)
    start_us = MIDNIGHT_US
    for index in range(2000):
        rows = int(rng.integers(570, 730))
        write(readings(rng, rows, start_us, 40, 14), directory / file_name(index, start_us, "ABCD"[index % 4]))
        start_us += 42_913_000


def medium200(directory):
    """200 files of about 1 MB."""
    rng = np.random.default_rng(SEED + 3)
    start_us = MIDNIGHT_US
    for index in range(200):
        rows = 21500 + int(rng.integers(-900, 900))
        write(readings(rng, rows, start_us, 430, 120), directory / file_name(index, start_us, "ABCD"[index % 4]))
        start_us += 431 * MICROS


def large8(directory):
    """8 files of about 64 MB with row groups of 250,000 rows."""
    rng = np.random.default_rng(SEED + 4)
    start_us = MIDNIGHT_US
    for index in range(8):
        path = directory / file_name(index, start_us, "ABCD"[index % 4])
        write(readings(rng, 1_660_000, start_us, 10_700, 200), path, 250_000)
        start_us += 10_800 * MICROS


WORKLOADS = {make.__name__: make for make in (seed21, small2k, medium200, large8)}


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
