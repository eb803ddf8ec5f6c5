import type { EventDraft } from '../../events/index.ts';
import type { RetentionConfig } from '../config.ts';
import { type AwsReader, readAws } from './read-aws.ts';
import { type ReportPorts, reportUsage } from './report-usage.ts';

export interface CollectPorts extends ReportPorts {
  /** Of one region. */
  readonly aws: (region: string) => AwsReader;
}

interface Collected {
  readonly events: readonly EventDraft[];
  /** Collectors that could not see everything: they count as silent. */
  readonly failures: readonly { readonly collector: string; readonly error: unknown }[];
}

const BATCH = 5_000;

/** The names under which what the configuration asks to read counts as heard: `aws/<service>/<region>`. */
export const awsCollectors = ({ aws }: Pick<RetentionConfig, 'aws'>) =>
  aws.regions.flatMap((region) =>
    aws.services.map((service) => ({ name: `aws/${service}/${region}`, service, region })),
  );

/** Reads what runs in the services of AWS that the configuration names, and holds it. One failure is one collector's. */
export async function collectAwsUsage(ports: CollectPorts, config: Pick<RetentionConfig, 'aws'>): Promise<Collected> {
  const events: EventDraft[] = [];
  const failures: { readonly collector: string; readonly error: unknown }[] = [];
  for (const { name: collector, service, region } of awsCollectors(config)) {
    const observedAt = ports.clock.now().toISOString();
    try {
      const images = await readAws(service, ports.aws(region));
      for (let i = 0; i === 0 || i < images.length; i += BATCH) {
        const complete = i + BATCH >= images.length;
        const report = { collector, observedAt, complete, leaseHours: 48, images: images.slice(i, i + BATCH) };
        events.push(...(await reportUsage(ports, report)).events);
      }
    } catch (error) {
      failures.push({ collector, error });
    }
  }
  return { events, failures };
}
