import { loadParquetjs, type Parquetjs } from '../../verify/parquetjs.ts';
import type { TelemetryRow } from './vehicle-telemetry.ts';

type SchemaDefinition = ConstructorParameters<Parquetjs['ParquetSchema']>[0];

const snappy = { compression: 'SNAPPY' } as const;

/** Schema of the demo files: 17 columns, in this order. */
const fields = {
  vehicle_id: { type: 'UTF8', ...snappy },
  event_time: { type: 'TIMESTAMP_MICROS', ...snappy },
  trip_id: { type: 'UTF8', optional: true, ...snappy },
  speed_mph: { type: 'DOUBLE', optional: true, ...snappy },
  lat: { type: 'DOUBLE', optional: true, ...snappy },
  lon: { type: 'DOUBLE', optional: true, ...snappy },
  accel_x: { type: 'FLOAT', optional: true, ...snappy },
  accel_y: { type: 'FLOAT', optional: true, ...snappy },
  accel_z: { type: 'FLOAT', optional: true, ...snappy },
  harsh_braking: { type: 'BOOLEAN', optional: true, ...snappy },
  odometer: { type: 'INT64', optional: true, ...snappy },
  gps_accuracy: { type: 'INT32', optional: true, ...snappy },
  g_force: { type: 'DOUBLE', optional: true, ...snappy },
  driver_id: { type: 'UTF8', optional: true, ...snappy },
  policy_id: { type: 'INT64', ...snappy },
  weather: { type: 'UTF8', optional: true, ...snappy },
  ingest_ts: { type: 'INT64', ...snappy },
} as const satisfies SchemaDefinition;

const avroSchema = JSON.stringify({
  type: 'record',
  name: 'VehicleTelemetry',
  namespace: 'com.example.telemetry',
});

/** Writes one telemetry file as a streaming writer would: everything it has into one row group, then the footer. */
export async function writeTelemetryFile(path: string, rows: readonly TelemetryRow[]): Promise<void> {
  const { ParquetSchema, ParquetWriter } = await loadParquetjs();
  const writer = await ParquetWriter.openFile(new ParquetSchema({ ...fields }), path, { pageIndex: false });
  writer.setMetadata('parquet.avro.schema', avroSchema);
  writer.setMetadata('writer.model.name', 'avro');
  for (const row of rows) await writer.appendRow(row);
  await writer.close();
}
