/** Who is at work where an entry of this name lies; `undefined` for every other name. */
export function busyOwner(name: string): string | undefined {
  if (name === '_temporary') return 'a Hadoop or Spark job that has not committed yet';
  if (name.startsWith('.spark-staging')) return 'a Spark job that overwrites partitions';
  if (name.startsWith('.hive-staging')) return 'a Hive statement that has not finished yet';
  return undefined;
}

/** The table format that an entry of this name belongs to; `undefined` for every other name. */
export function tableFormatOwner(name: string): string | undefined {
  if (name === '_delta_log') return 'Delta Lake';
  if (name === '_spark_metadata') return "Spark Structured Streaming's file sink";
  if (name === '.hoodie' || name === '.hoodie_partition_metadata') return 'Apache Hudi';
  return undefined;
}

/** Names that {@link tableFormatOwner} knows, for directories that are looked up and not listed. */
export const tableFormatNames = ['_delta_log', '_spark_metadata', '.hoodie'] as const;

/** Directory of an Iceberg table that holds its metadata files. */
export const icebergDirectoryName = 'metadata';

/** True for a metadata file of an Iceberg table: `v1.metadata.json`, `00000-….metadata.json`, also compressed. */
export function isIcebergMetadataName(name: string): boolean {
  return /\.metadata\.json(?:\.gz)?$/.test(name) || name.endsWith('.gz.metadata.json');
}

/** Parquet summary file: lists the row groups of all files in its directory and below it. */
export const summaryFileName = '_metadata';
