import { type Stack, Token } from 'aws-cdk-lib/core';
import type { FunctionDeclaration, SettingName } from '../functions/_pipe/function.ts';
import { unreachable } from '../lib/core/errors.ts';
import { packText } from '../lib/core/packed-text.ts';
import { costConfigSchema } from '../lib/cost/config.ts';
import { edgeConfigSchema } from '../lib/edge/config.ts';
import {
  type RegistriesConfig,
  type RegistryEntry,
  rotatedSecret,
  type SecretSource,
  secretsOf,
} from '../lib/registry/config.ts';
import type { ReplicationConfig } from '../lib/replication/config.ts';
import { isTaskScanner } from '../lib/scanners/config.ts';
import { readNotationTrust } from '../lib/signing/config.ts';
import { storageConfigSchema } from '../lib/storage/config.ts';
import type { LadingConfig } from './config.ts';
import type { RegistryAccessRights, RegistryRights, ScannerRights } from './constructs/shared-resources.ts';

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

/** Whether the configuration has something to do for a function. */
export function isWanted(
  { onlyWith }: FunctionDeclaration,
  { registries, scanners, backup, edge }: LadingConfig,
): boolean {
  const others = registries.flatMap((entry) => (entry.kind === 'ecr' ? [] : [entry]));
  switch (onlyWith) {
    case undefined:
      return true;
    case 'rotated credentials':
      return others.some(({ rotation }) => rotation !== undefined);
    case 'stored credentials':
      return others.some(({ credentials, writeCredentials }) =>
        [credentials, writeCredentials].some((one) => one !== undefined && secretsOf(one).length > 0),
      );
    case 'scanners':
      return scanners.use.length > 0;
    case 'backups':
      return backup.sources.length > 0;
    case 'edge':
      return edge.enabled;
    default:
      return unreachable(onlyWith);
  }
}

/** Who may mint credentials is no matter of those who use them; and a function's environment holds 4 KB. */
const withoutRotation = ({ entries }: RegistriesConfig): RegistriesConfig => ({
  entries: entries.map((entry) => {
    if (entry.kind === 'ecr') return entry;
    const { rotation: _rotation, ...rest } = entry;
    return rest;
  }),
});

const onlyRotated = ({ entries }: RegistriesConfig): RegistriesConfig => ({
  entries: entries.filter((entry) => entry.kind !== 'ecr' && entry.rotation !== undefined),
});

/**
 * A setting as the environment of a function holds it, which has 4 KB for all: a long one is packed, unless it holds
 * what only the template resolves.
 */
function settingText(value: unknown, stack: Stack): string {
  const text = JSON.stringify(value);
  return Token.isUnresolved(text) ? stack.toJsonString(value) : packText(text);
}

/** What functions read, as one JSON text each. The account may be a token, which the template resolves. */
export function settingsOf(config: LadingConfig, stack: Stack): Readonly<Record<SettingName, string>> {
  const json = (value: unknown): string => settingText(value, stack);
  const { signatures, certificates, timestamps, profile, ...trust } = config.trust;
  return {
    // Who speaks to no registry may know where all secrets are: only then can it tell which of them was changed.
    registries: json(withoutRotation(registriesOf(config, stack.account))),
    rotation: json(onlyRotated(registriesOf(config, stack.account))),
    replication: json(replicationOf(config, stack.account)),
    policy: json(config.policy),
    retention: json(config.retention),
    advisories: json(config.advisories),
    notifications: json(config.notifications),
    remediation: json(config.remediation),
    intake: json(config.intake),
    trust: json(trust),
    // Certificates are long, and only who signs needs them.
    signing: json({ signatures, certificates, timestamps, profile }),
    sboms: json(config.sboms),
    storage: json(unlike(config.storage, storageConfigSchema.parse({}))),
    cost: json(unlike(config.cost, costConfigSchema.parse({}))),
    admission: json(config.admission),
    availability: json(withoutFront(config.availability)),
    backup: json({ sources: config.backup.sources }),
    edge: json(edgeOf(config, stack.account)),
    provenance: json(config.provenance),
    scanners: json(withoutVariables(config.scanners)),
  };
}

/** Sites are served from a registry that is said, or the first source. */
const edgeOf = (config: LadingConfig, account: string) => {
  const first = registriesOf(config, account).entries.find(({ role }) => role === 'source');
  const registry = config.edge.registry ?? first?.host;
  return { ...unlike(config.edge, edgeConfigSchema.parse({})), ...(registry === undefined ? {} : { registry }) };
};

/** The parts of a setting that are not as usual: who reads it fills in the rest, and the environment is short. */
const unlike = (setting: object, usual: object): object => {
  const parts = new Map(Object.entries(usual));
  return Object.fromEntries(
    Object.entries(setting).filter(([name, part]) => JSON.stringify(part) !== JSON.stringify(parts.get(name))),
  );
};

/** What programs in tasks are given is no matter of who starts them. */
const withoutVariables = ({ use, ...rest }: LadingConfig['scanners']) => ({
  ...rest,
  use: use.map((scanner) => (isTaskScanner(scanner) ? { ...scanner, environment: {}, secrets: {} } : scanner)),
});

/** What stands before mirrors is no matter of functions. */
const withoutFront = ({ front: _front, ...rest }: LadingConfig['availability']) => rest;

type Purpose = 'reading' | 'writing';

/** The registries as functions of one purpose see them: with the credentials that are theirs, and no others. */
const forPurpose = ({ entries }: RegistriesConfig, purpose: Purpose): RegistriesConfig => ({
  entries: withoutRotation({ entries }).entries.map((entry) => {
    if (entry.kind === 'ecr') return entry;
    const { writeCredentials, ...rest } = entry;
    return { ...rest, credentials: purpose === 'writing' ? (writeCredentials ?? rest.credentials) : rest.credentials };
  }),
});

/** What IAM must allow so that functions can speak to the registries of the configuration. */
export function registryRightsOf(config: LadingConfig, stack: Stack): RegistryRights {
  const all = registriesOf(config, stack.account);
  const rotated = all.entries.flatMap((entry) => {
    if (entry.kind === 'ecr' || !entry.rotation) return [];
    const secret = rotatedSecret(entry);
    return secret === undefined ? [] : [{ secret, admin: entry.rotation.issuer.admin }];
  });
  return {
    reading: accessRightsOf(forPurpose(all, 'reading'), stack),
    writing: accessRightsOf(forPurpose(all, 'writing'), stack),
    rotation: {
      rotatedArns: arnsOf(
        rotated.map(({ secret }) => ({ secret })),
        stack,
      ).secretArns,
      admins: arnsOf(
        rotated.map(({ admin }) => admin),
        stack,
      ),
    },
  };
}

function accessRightsOf({ entries }: RegistriesConfig, stack: Stack): RegistryAccessRights {
  const own = entries.filter((entry) => entry.kind === 'ecr' && !entry.awsRole);
  const sources = entries.flatMap((entry) => (entry.kind === 'ecr' ? [] : secretsOf(entry.credentials)));
  const roles = entries.flatMap((entry) => {
    const role = entry.kind === 'ecr' ? entry.awsRole : publicGallery(entry)?.role;
    return role ? [role.arn] : [];
  });
  return {
    setting: settingText({ entries }, stack),
    repositoryArns: own.flatMap((entry) =>
      entry.kind === 'ecr'
        ? [arnOf(stack, 'ecr', 'repository/*', { region: entry.region, account: entry.account ?? stack.account })]
        : [],
    ),
    ...arnsOf(sources, stack),
    roleArns: [...new Set(roles)],
    publicGallery: entries.some((entry) => {
      const gallery = entry.kind === 'ecr' ? undefined : publicGallery(entry);
      return gallery !== undefined && gallery.role === undefined;
    }),
  };
}

type Distribution = Exclude<RegistryEntry, { kind: 'ecr' }>;
const publicGallery = ({ credentials }: Distribution) => (credentials.kind === 'ecr-public' ? credentials : undefined);

const arnOf = (
  stack: Stack,
  service: string,
  resource: string,
  { region = stack.region, account = stack.account } = {},
): string => `arn:${stack.partition}:${service}:${region}:${account}:${resource}`;

/** ARNs of what credentials are read from. */
function arnsOf(
  sources: readonly SecretSource[],
  stack: Stack,
): { readonly secretArns: readonly string[]; readonly parameterArns: readonly string[] } {
  const secretArns = sources.flatMap((source) => {
    if (!('secret' in source)) return [];
    const { secret } = source;
    // Secrets Manager adds six characters to a secret's name in its ARN (user guide, "What's in a secret").
    return [secret.startsWith('arn:') ? secret : arnOf(stack, 'secretsmanager', `secret:${secret}-??????`)];
  });
  const parameterArns = sources.flatMap((source) => {
    if (!('parameter' in source)) return [];
    const { parameter } = source;
    return [
      parameter.startsWith('arn:') ? parameter : arnOf(stack, 'ssm', `parameter/${parameter.replace(/^\//, '')}`),
    ];
  });
  return { secretArns: [...new Set(secretArns)], parameterArns: [...new Set(parameterArns)] };
}

/** Topics and sending identities of the configured channels. An identity is the address, or its domain. */
export function notificationTargetsOf(
  { notifications }: LadingConfig,
  stack: Stack,
): { readonly topicArns: readonly string[]; readonly identityArns: readonly string[] } {
  const topicArns = notifications.channels.flatMap((one) => (one.kind === 'sns' ? [one.topicArn] : []));
  const identityArns = notifications.channels.flatMap((one) => {
    if (one.kind !== 'email') return [];
    const arn = (identity: string): string =>
      `arn:${stack.partition}:ses:${one.region}:${stack.account}:identity/${identity}`;
    return [arn(one.from), arn(one.from.slice(one.from.lastIndexOf('@') + 1))];
  });
  return { topicArns: [...new Set(topicArns)], identityArns: [...new Set(identityArns)] };
}

/** Projects of CodeBuild that rules of remediation name, each exactly. */
export function buildProjectsOf({ remediation }: LadingConfig, stack: Stack): readonly string[] {
  const actions = remediation.rules.flatMap((rule) => rule.actions);
  const arns = actions.flatMap((one) =>
    one.kind === 'codebuild'
      ? [`arn:${stack.partition}:codebuild:${one.region}:${stack.account}:project/${one.project}`]
      : [],
  );
  return [...new Set(arns)];
}

export const trustedSignaturesOf = ({ admission: { signatures } }: Pick<LadingConfig, 'admission'>) => ({
  any: signatures !== undefined,
  ofSigner: signatures !== undefined && readNotationTrust(signatures).asksSigner,
});

/** Rights to what scanners other than tasks are asked with; those of tasks come with what is made for them. */
export function scannerRightsOf(config: LadingConfig, stack: Stack): Omit<ScannerRights, 'tasks'> {
  const { use } = config.scanners;
  const sources = use.flatMap((scanner): readonly (SecretSource | undefined)[] => {
    switch (scanner.kind) {
      case 'trivy-server':
        return [scanner.token];
      case 'clair':
        return [scanner.key];
      case 'harbor':
        return [scanner.credentials];
      default:
        return [];
    }
  });
  return {
    any: use.length > 0,
    ...arnsOf(
      sources.filter((source) => source !== undefined),
      stack,
    ),
    ecrArns: use.some(({ kind }) => kind === 'ecr-basic') ? ownRepositoriesOf(config, stack) : [],
    inspector: use.some(({ kind }) => kind === 'inspector'),
  };
}

/** ARN patterns of the ECR repositories that are read with our own identity. */
export const ownRepositoriesOf = (config: LadingConfig, stack: Stack): readonly string[] =>
  registryRightsOf(config, stack).reading.repositoryArns;

/** Of a secret by its name, or by its ARN. */
export const secretArnOf = (secret: string, stack: Stack): string =>
  arnsOf([{ secret }], stack).secretArns[0] ?? secret;
