/** The queries that dashboards ask of the history, as they were asked for. */
export const ownQueries = {
  daily: `-- Daily consolidation metrics
SELECT 
    DATE(calculation_date) as consolidation_date,
    COUNT(*) as files_processed,
    AVG(processing_time_seconds) as avg_processing_time,
    SUM(size_reduction_percent) as total_size_reduction
FROM consolidation_log
WHERE calculation_date >= CURRENT_DATE - 7
GROUP BY DATE(calculation_date)
ORDER BY consolidation_date DESC;
`,
  storage: `-- Storage efficiency tracking  
SELECT
    partition_date,
    files_before_consolidation,
    files_after_consolidation,
    ROUND((files_before_consolidation - files_after_consolidation)::NUMERIC / files_before_consolidation * 100, 2) as reduction_percent
FROM consolidation_metrics
WHERE partition_date >= CURRENT_DATE - 30;
`,
};
