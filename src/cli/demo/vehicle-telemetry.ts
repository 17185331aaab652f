/** One row of the demo's telemetry, in the shape @dsnp/parquetjs takes: `undefined` is null, INT64 is bigint. */
export interface TelemetryRow extends Record<string, unknown> {
  readonly vehicle_id: string;
  /** Microseconds since 1970. */
  readonly event_time: bigint;
  readonly trip_id: string | undefined;
  readonly speed_mph: number;
  readonly lat: number;
  readonly lon: number;
  readonly accel_x: number;
  readonly accel_y: number;
  readonly accel_z: number;
  readonly harsh_braking: boolean;
  readonly odometer: bigint;
  readonly gps_accuracy: number | undefined;
  readonly g_force: number | undefined;
  readonly driver_id: string | undefined;
  readonly policy_id: bigint;
  readonly weather: string | undefined;
  /** Milliseconds since 1970. */
  readonly ingest_ts: bigint;
}

const weathers = [
  'clear',
  'clear',
  'clear',
  'cloudy',
  'cloudy',
  'rain',
  'rain',
  'fog',
  'snow',
  'windy',
] as const;
const fleetSize = 200;

/** Numbers in [0, 1), the same ones for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Vehicle {
  readonly number: number;
  readonly tripId: string;
  readonly weather: string | undefined;
  speed: number;
  lat: number;
  lon: number;
  metres: number;
}

/**
 * The rows one streaming writer collects before it closes a file: a dozen vehicles of a fleet report in turn while
 * they drive. The same arguments give the same rows on every machine.
 *
 * @param startMs milliseconds since 1970 of the first event
 * @param spanSeconds time the rows are spread over
 */
export function telemetryRows(args: {
  readonly seed: number;
  readonly rows: number;
  readonly startMs: number;
  readonly spanSeconds: number;
}): TelemetryRow[] {
  const random = randomNumbers(args.seed);
  const around = (centre: number, spread: number): number =>
    centre + spread * (random() + random() + random() + random() - 2);
  const vehicles = startingVehicles(random, around);
  const rows: TelemetryRow[] = [];
  for (let index = 0; index < args.rows; index++) {
    const vehicle = vehicles[index % vehicles.length];
    if (vehicle === undefined) break;
    const braking = random() < 0.012;
    vehicle.speed = Math.min(95, Math.max(0, vehicle.speed + around(0, 1.4) - (braking ? 9 : 0)));
    vehicle.lat += around(0, 2e-4);
    vehicle.lon += around(0, 2e-4);
    vehicle.metres += Math.round(vehicle.speed * 2);
    const accelX = rounded(around(0, 0.15) - (braking ? 0.55 : 0), 4);
    const accelY = rounded(around(0, 0.12), 4);
    const accelZ = rounded(around(1, 0.03), 4);
    const eventUs =
      args.startMs * 1000 +
      Math.floor((index * args.spanSeconds * 1e6) / Math.max(1, args.rows)) +
      Math.floor(random() * 40_000);
    rows.push({
      vehicle_id: `VEH-${String(4000 + 7 * vehicle.number).padStart(6, '0')}`,
      event_time: BigInt(eventUs),
      trip_id: index % vehicles.length === 0 && random() < 0.3 ? undefined : vehicle.tripId,
      speed_mph: rounded(vehicle.speed, 2),
      lat: rounded(vehicle.lat, 6),
      lon: rounded(vehicle.lon, 6),
      accel_x: accelX,
      accel_y: accelY,
      accel_z: accelZ,
      harsh_braking: braking,
      odometer: BigInt(1000 + 911 * vehicle.number + Math.floor(vehicle.metres / 1609)),
      gps_accuracy: random() < 0.07 ? undefined : 2 + Math.floor(random() * 12),
      g_force: random() < 0.1 ? undefined : rounded(Math.hypot(accelX, accelY, accelZ), 3),
      driver_id:
        vehicle.number % 9 === 0
          ? undefined
          : `DRV-${String((vehicle.number + 3) * 487_651).padStart(8, '0')}`,
      policy_id: BigInt(200_000 + ((vehicle.number * 7919) % 100_000)),
      weather: vehicle.weather,
      ingest_ts: BigInt(Math.floor(eventUs / 1000) + 80 + Math.floor(random() * 2400)),
    });
  }
  return rows;
}

function startingVehicles(
  random: () => number,
  around: (centre: number, spread: number) => number,
): readonly Vehicle[] {
  const hex = (digits: number): string =>
    Math.floor(random() * 16 ** digits)
      .toString(16)
      .padStart(digits, '0');
  return Array.from({ length: 12 }, () => {
    const number = Math.floor(random() * fleetSize);
    return {
      number,
      tripId: `${hex(8)}-${hex(4)}-4${hex(3)}-9${hex(3)}-${hex(6)}${hex(6)}`,
      weather: random() < 0.15 ? undefined : weathers[Math.floor(random() * weathers.length)],
      speed: random() * 75,
      lat: around(33.7, 0.6),
      lon: around(-84.4, 0.8),
      metres: 0,
    };
  });
}

function rounded(value: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}
