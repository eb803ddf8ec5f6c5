import type { Stack } from 'aws-cdk-lib/core';
import type { SettingName } from '../functions/_pipe/function.ts';
import type { RegistriesConfig, RegistryEntry } from '../lib/registry/config.ts';
import type { ReplicationConfig } from '../lib/replication/config.ts';
import type { LadingConfig } from './config.ts';
import type { RegistryRights } from './constructs/shared-resources.ts';

/** The host of a region's ECR (ECR user guide, "Private registry"); China has a domain of its own. */
export const ecrHost = (account: string, region: string): string =>
  `${account}.dkr.ecr.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;

/** Each region's ECR, then the configured ones; an entry of the configuration takes the place of a region's own. */
function registriesOf(config: LadingConfig, account: string): RegistriesConfig {
  const configured = new Set(config.registries.map(({ host }) => host));
  const regional = (region: string, role: 'source' | 'replica'): RegistryEntry => ({
    kind: 'ecr',
    host: ecrHost(account, region),
    region,
    account,
    role,
    allowHosts: [],
    allowInsecure: false,
    allowPrivate: false,
    createRepositories: role === 'replica',
  });
  const ofRegions = config.ecr
    ? [regional(config.primaryRegion, 'source'), ...config.replicaRegions.map((name) => regional(name, 'replica'))]
    : [];
  return { entries: [...ofRegions.filter(({ host }) => !configured.has(host)), ...config.registries] };
}

/** The configured rules, or by default every repository from the primary region's ECR to that of each replica region. */
function replicationOf(config: LadingConfig, account: string): ReplicationConfig {
  if (config.replication) return config.replication;
  if (!config.ecr || config.replicaRegions.length === 0) return { rules: [] };
  return {
    rules: [
      {
        name: 'replica-regions',
        from: ecrHost(account, config.primaryRegion),
        repositories: ['**'],
        to: config.replicaRegions.map((name) => ({ registry: ecrHost(account, name), prefix: '' })),
      },
    ],
  };
}

/** What functions read, as one JSON text each. The account may be a token, which the template resolves. */
export function settingsOf(config: LadingConfig, stack: Stack): Readonly<Record<SettingName, string>> {
  const json = (value: unknown): string => stack.toJsonString(value);
  return {
    registries: json(registriesOf(config, stack.account)),
    replication: json(replicationOf(config, stack.account)),
    policy: json(config.policy),
    retention: json(config.retention),
    advisories: json(config.advisories),
    notifications: json(config.notifications),
    intake: json(config.intake),
  };
}

/** What IAM must allow so that functions can speak to the registries of the configuration. */
export function registryRightsOf(config: LadingConfig, stack: Stack): RegistryRights {
  const { entries } = registriesOf(config, stack.account);
  const arn = (service: string, region: string, account: string, resource: string): string =>
    `arn:${stack.partition}:${service}:${region}:${account}:${resource}`;
  return {
    repositoryArns: entries.flatMap((entry) =>
      entry.kind === 'ecr' ? [arn('ecr', entry.region, entry.account ?? stack.account, 'repository/*')] : [],
    ),
    credentialArns: entries.flatMap((entry) => {
      if (entry.kind !== 'distribution' || entry.credentials.kind !== 'secret') return [];
      const { secret } = entry.credentials;
      // Secrets Manager adds six characters to a secret's name in its ARN (user guide, "What's in a secret").
      return [
        secret.startsWith('arn:')
          ? secret
          : arn('secretsmanager', stack.region, stack.account, `secret:${secret}-??????`),
      ];
    }),
  };
}
