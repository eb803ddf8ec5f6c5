import { z } from 'zod';
import type { RegistriesConfig } from '../model.ts';
import { sourceKey } from './describe-source.ts';
import { type SecretSource, secretsOf } from './model.ts';

const text = z.string().max(4096).optional().catch(undefined);
const part = (shape: z.ZodRawShape) => z.object(shape).nullish().catch(undefined);

/**
 * What AWS tells of changes (Secrets Manager user guide, "Match Secrets Manager events with EventBridge"; Systems
 * Manager user guide, "Reference: EventBridge event patterns"): a call as CloudTrail logs it, which names the secret by
 * what the caller wrote and by its ARN (`aRN` before 2024), the end of a rotation, or a parameter's change.
 */
const detailSchema = z.object({
  requestParameters: part({ secretId: text }),
  responseElements: part({ arn: text, aRN: text }),
  additionalEventData: part({ SecretId: text }),
  name: text,
  errorCode: z.unknown().optional(),
});

/** The sources of the configuration that the event is about. An event that is of none of these forms is of no matter. */
export function changedSources(
  event: { readonly source: string; readonly detail?: unknown },
  { entries }: RegistriesConfig,
): readonly SecretSource[] {
  const parsed = detailSchema.safeParse(event.detail);
  // A call that failed changed nothing.
  if (!parsed.success || parsed.data.errorCode !== undefined) return [];
  const { requestParameters, responseElements, additionalEventData, name } = parsed.data;
  const secrets = [
    requestParameters?.secretId,
    responseElements?.arn,
    responseElements?.aRN,
    additionalEventData?.SecretId,
  ].filter((one): one is string => typeof one === 'string');
  const known = new Map<string, SecretSource>();
  for (const entry of entries) {
    if (entry.kind === 'ecr') continue;
    const sources = [entry.credentials, entry.writeCredentials].flatMap((one) => (one ? secretsOf(one) : []));
    for (const source of sources) {
      const isMeant =
        event.source === 'aws.ssm' ? isParameter(source, name) : secrets.some((secret) => isSecret(source, secret));
      if (isMeant) known.set(sourceKey(source), source);
    }
  }
  return [...known.values()];
}

/** By name or ARN on either side; the ARN has six characters more than the name. */
function isSecret(source: SecretSource, named: string): boolean {
  if (!('secret' in source)) return false;
  if (source.secret === named) return true;
  return nameOf(source.secret) === nameOf(named);
}

function nameOf(secret: string): string {
  const [, name] = /^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:\d{12}:secret:(.+)$/.exec(secret) ?? [];
  return name === undefined ? secret : name.replace(/-[A-Za-z0-9]{6}$/, '');
}

function isParameter(source: SecretSource, name: string | undefined): boolean {
  if (!('parameter' in source) || name === undefined) return false;
  const bare = (one: string): string => one.replace(/^arn:[^/]*:parameter/, '').replace(/^\//, '');
  return bare(source.parameter) === bare(name);
}
