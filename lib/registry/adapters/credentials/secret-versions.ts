import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { LadingError } from '../../../core/errors.ts';
import type { SecretVersions, SecretVersionWriter, Stage } from '../../credentials/rotation/ports.ts';

const STAGES: readonly Stage[] = ['AWSCURRENT', 'AWSPENDING', 'AWSPREVIOUS', 'lading-refused'];

/** Versions of secrets in Secrets Manager. What is conditional there by the id of a version stays so here. */
export function secretVersions(client: SecretsManagerClient): SecretVersions & SecretVersionWriter {
  return {
    async describe(secret) {
      const {
        VersionIdsToStages: byId = {},
        LastChangedDate: changed,
        CreatedDate: created,
      } = await client.send(new DescribeSecretCommand({ SecretId: secret })).catch((error: unknown) => {
        throw unavailable(secret, error);
      });
      const entries = Object.entries(byId);
      const versionAt = (stage: Stage) =>
        entries.find(([, stages]) => (stages as string[] | undefined)?.includes(stage));
      const versions = Object.fromEntries(
        STAGES.flatMap((stage) => {
          const [id] = versionAt(stage) ?? [];
          return id === undefined ? [] : [[stage, id]];
        }),
      );
      return { versions, changedAt: changed ?? created ?? new Date(0) };
    },
    async textOf(secret, version) {
      try {
        const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secret, VersionId: version }));
        return SecretString;
      } catch (error) {
        if (nameOf(error) === 'ResourceNotFoundException') return undefined;
        throw unavailable(secret, error);
      }
    },
    async putPending(secret, id, text) {
      try {
        const input = { SecretId: secret, ClientRequestToken: id, SecretString: text, VersionStages: ['AWSPENDING'] };
        await client.send(new PutSecretValueCommand(input));
        return true;
      } catch (error) {
        if (nameOf(error) === 'ResourceExistsException') return false;
        throw unavailable(secret, error);
      }
    },
    async move(secret, stage, { from, to }) {
      try {
        const input = { SecretId: secret, VersionStage: stage, MoveToVersionId: to, RemoveFromVersionId: from };
        await client.send(new UpdateSecretVersionStageCommand(input));
        return true;
      } catch (error) {
        // "If the staging label … is attached to a different version" (API reference, UpdateSecretVersionStage).
        if (['InvalidParameterException', 'InvalidRequestException'].includes(nameOf(error))) return false;
        throw unavailable(secret, error);
      }
    },
  };
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');

const unavailable = (secret: string, cause: unknown): LadingError =>
  new LadingError('credentials-unavailable', `the secret "${secret}" cannot be worked on (${nameOf(cause)})`, {
    cause,
    retryable: /Throttl|Internal|Timeout/.test(nameOf(cause)),
  });
