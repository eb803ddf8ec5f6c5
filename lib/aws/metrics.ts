import { METRIC_DIMENSION, METRIC_NAMESPACE } from '../core/metric-names.ts';

/**
 * Measures of a function as one log line in CloudWatch's embedded metric format (user guide, "Embedded metric format
 * specification"), which needs no right and no call.
 */
export function putMetrics(
  metrics: Readonly<Record<string, { readonly value: number; readonly unit: 'Count' | 'Seconds' }>>,
): void {
  const names = Object.entries(metrics);
  const line = {
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [
        {
          Namespace: METRIC_NAMESPACE,
          Dimensions: [[METRIC_DIMENSION]],
          Metrics: names.map(([Name, { unit }]) => ({ Name, Unit: unit })),
        },
      ],
    },
    [METRIC_DIMENSION]: process.env.AWS_LAMBDA_FUNCTION_NAME ?? 'local',
    ...Object.fromEntries(names.map(([name, { value }]) => [name, value])),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
