import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { AwsError, type Caller } from '../json-service.ts';
import { openStateDocument } from '../state/atomic-file.ts';

const version = z
  .object({
    id: z.string(),
    stages: z.array(z.string()).readonly(),
    text: z.string().optional(),
    /** Base64. */
    binary: z.string().optional(),
    created: z.number(),
  })
  .readonly();
export type SecretVersion = z.infer<typeof version>;

const secret = z
  .object({
    region: z.string(),
    name: z.string(),
    /** Six characters behind the name in the ARN. */
    suffix: z.string(),
    description: z.string(),
    created: z.number(),
    changed: z.number(),
    /** Newest first. */
    versions: z.array(version).readonly(),
  })
  .readonly();
export type Secret = z.infer<typeof secret>;

const state = z.object({ secrets: z.array(secret).readonly() }).readonly();

export const CURRENT = 'AWSCURRENT';
const PREVIOUS = 'AWSPREVIOUS';
/** Versions without a stage are deprecated; the service keeps some for a while. */
const KEPT_VERSIONS = 100;

export const secretArn = ({ region, name, suffix }: Secret, accountId: string): string =>
  `arn:aws:secretsmanager:${region}:${accountId}:secret:${name}-${suffix}`;

export const secretNotFound = (what = "Secrets Manager can't find the specified secret."): AwsError =>
  new AwsError('ResourceNotFoundException', what);

type SecretValue = Pick<SecretVersion, 'text' | 'binary'>;

export interface SecretStore {
  /** Makes the secret if there is none of that name in the region; an existing one keeps its value. */
  declare(declaration: Pick<Secret, 'region' | 'name' | 'description'>, value: () => SecretValue): Promise<Secret>;
  /** By name, ARN, or ARN without the suffix. @throws AwsError `ResourceNotFoundException` */
  find(reference: string, caller: Caller): Secret;
  /** A new version under the token, which is its id; the same again is no change. @throws AwsError `ResourceExistsException` */
  put(found: Secret, token: string, value: SecretValue, stages: readonly string[]): Promise<SecretVersion>;
  /** Moves a stage from one version to another, or takes it away. @throws AwsError `InvalidParameterException` */
  moveStage(
    found: Secret,
    stage: string,
    move: { readonly from: string | undefined; readonly to: string | undefined },
  ): Promise<void>;
}

export async function openSecretStore(directory: string, now: () => number): Promise<SecretStore> {
  const document = await openStateDocument(join(directory, 'secrets.json'), state, { secrets: [] });
  return {
    declare: ({ region, name, description }, value) =>
      document.update((current) => {
        const existing = current.secrets.find((one) => one.region === region && one.name === name);
        if (existing) return { next: current, result: existing };
        const created = now();
        const made: Secret = {
          region,
          name,
          suffix: randomBytes(3).toString('hex'),
          description,
          created,
          changed: created,
          versions: [{ id: crypto.randomUUID(), stages: [CURRENT], ...value(), created }],
        };
        return { next: { secrets: [...current.secrets, made] }, result: made };
      }),
    find: (reference, caller) => {
      const prefix = `arn:aws:secretsmanager:${caller.region}:${caller.accountId}:secret:`;
      const found = document.current().secrets.find((one) => {
        if (one.region !== caller.region) return false;
        if (!reference.startsWith('arn:')) return one.name === reference;
        return reference === `${prefix}${one.name}` || reference === secretArn(one, caller.accountId);
      });
      if (found === undefined) throw secretNotFound();
      return found;
    },
    put: ({ region, name }, token, value, stages) =>
      document.update((current) => {
        const at = current.secrets.findIndex((one) => one.region === region && one.name === name);
        const before = current.secrets[at];
        if (before === undefined) throw secretNotFound();
        const same = before.versions.find(({ id }) => id === token);
        if (same) {
          if (same.text === value.text && same.binary === value.binary) return { next: current, result: same };
          throw new AwsError(
            'ResourceExistsException',
            `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${name}.`,
          );
        }
        const made: SecretVersion = { id: token, stages, ...value, created: now() };
        const next: Secret = { ...before, changed: made.created, versions: stack(before.versions, made) };
        return { next: { secrets: current.secrets.with(at, next) }, result: made };
      }),
    moveStage: async ({ region, name }, stage, move) => {
      await document.update((current) => {
        const at = current.secrets.findIndex((one) => one.region === region && one.name === name);
        const before = current.secrets[at];
        if (before === undefined) throw secretNotFound();
        const next: Secret = { ...before, changed: now(), versions: withStage(before.versions, stage, move) };
        return { next: { secrets: current.secrets.with(at, next) }, result: undefined };
      });
    },
  };
}

/**
 * A stage that is at a version is only moved by who names that version; what was current becomes the previous one (API
 * reference, UpdateSecretVersionStage).
 */
function withStage(
  versions: readonly SecretVersion[],
  stage: string,
  { from, to }: { readonly from: string | undefined; readonly to: string | undefined },
): readonly SecretVersion[] {
  const refuse = (why: string): never => {
    throw new AwsError('InvalidParameterException', why);
  };
  const holder = versions.find(({ stages }) => stages.includes(stage));
  if (holder?.id !== from && holder?.id !== to) {
    refuse(`The parameter RemoveFromVersionId can't be empty or differ: Staging label ${stage} is at ${holder?.id}.`);
  }
  if (from !== undefined && holder?.id !== from) refuse(`Staging label ${stage} is not attached to ${from}.`);
  if (to !== undefined && !versions.some(({ id }) => id === to)) throw secretNotFound();
  if (to === undefined && stage === CURRENT) refuse(`You can't remove staging label ${CURRENT}.`);
  const moved = versions.map((one) => {
    const rest = one.stages.filter((other) => other !== stage);
    return { ...one, stages: one.id === to ? [...rest, stage] : rest };
  });
  if (stage !== CURRENT || holder === undefined || holder.id === to) return moved;
  return moved.map((one) => {
    const rest = one.stages.filter((other) => other !== PREVIOUS);
    return { ...one, stages: one.id === holder.id ? [...rest, PREVIOUS] : rest };
  });
}

/** Stages move to the new version; the one that was current becomes the previous one (API reference, PutSecretValue). */
function stack(versions: readonly SecretVersion[], made: SecretVersion): readonly SecretVersion[] {
  const movesCurrent = made.stages.includes(CURRENT);
  const older = versions.map((one) => {
    const wasCurrent = movesCurrent && one.stages.includes(CURRENT);
    const kept = one.stages.filter((stage) => !made.stages.includes(stage) && !(movesCurrent && stage === PREVIOUS));
    return { ...one, stages: wasCurrent ? [...kept, PREVIOUS] : kept };
  });
  return [made, ...older].filter(({ stages }, i) => stages.length > 0 || i < KEPT_VERSIONS);
}
