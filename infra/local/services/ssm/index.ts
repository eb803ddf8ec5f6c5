import { join } from 'node:path';
import { z } from 'zod';
import { type Clock, systemClock } from '../../../../lib/core/clock.ts';
import { AwsError, type Caller, epochSeconds, jsonService, operation, pageOf } from '../json-service.ts';
import type { ServiceSealer } from '../kms/index.ts';
import type { LocalService, RequiredPermission } from '../service.ts';
import { openStateDocument, type StateDocument } from '../state/atomic-file.ts';

const parameterType = z.enum(['String', 'StringList', 'SecureString']);

const parameterVersion = z
  .object({
    version: z.number().int().positive(),
    type: parameterType,
    /** Of a SecureString the ciphertext, in Base64. */
    value: z.string(),
    modified: z.number(),
  })
  .readonly();
type ParameterVersion = z.infer<typeof parameterVersion>;

const parameter = z
  .object({ region: z.string(), name: z.string(), versions: z.array(parameterVersion).readonly() })
  .readonly();
type Parameter = z.infer<typeof parameter>;

const state = z.object({ parameters: z.array(parameter).readonly() }).readonly();
type State = z.infer<typeof state>;

/** A parameter as the template declares it (`AWS::SSM::Parameter`). */
export interface ParameterDeclaration {
  readonly region: string;
  readonly name: string;
  readonly type: 'String' | 'StringList';
  readonly value: string;
}

export interface SsmService extends LocalService {
  /** Makes the parameter, or gives it the declared value as a new version where it has another. */
  putParameter(declaration: ParameterDeclaration): Promise<void>;
}

/** The Parameter Store keeps the last 100 versions. */
const MAX_VERSIONS = 100;
/** Of a standard parameter. */
const MAX_VALUE_BYTES = 4096;

/** @throws LadingError `state-invalid` */
export async function openSsmService(options: {
  readonly directory: string;
  readonly accountId: string;
  /** For SecureString: `kms.sealerFor('ssm')`. */
  readonly sealer: ServiceSealer;
  readonly clock?: Clock;
}): Promise<SsmService> {
  const { directory, accountId, sealer, clock = systemClock } = options;
  const document = await openStateDocument<State>(join(directory, 'parameters.json'), state, { parameters: [] });
  const store: Store = { document, sealer, now: () => clock.now().getTime() };
  const service = jsonService({ name: 'ssm', invalid: 'ValidationException', operations: operationsOn(store) });
  return {
    ...service,
    putParameter: async ({ region, name, type, value }) => {
      const latest = find(store, region, name)?.versions[0];
      if (latest?.type === type && latest.value === value) return;
      await put(store, { region, accountId, principal: undefined }, { name, type, value, overwrite: true });
    },
  };
}

interface Store {
  readonly document: StateDocument<State>;
  readonly sealer: ServiceSealer;
  readonly now: () => number;
}

const find = ({ document }: Store, region: string, name: string): Parameter | undefined =>
  document.current().parameters.find((one) => one.region === region && one.name === name);

const arnOf = (name: string, { region, accountId }: Pick<Caller, 'region' | 'accountId'>): string =>
  `arn:aws:ssm:${region}:${accountId}:parameter${name.startsWith('/') ? '' : '/'}${name}`;

const sealContext = (name: string, caller: Caller) => ({ PARAMETER_ARN: arnOf(name, caller) });

interface Put {
  readonly name: string;
  readonly type: z.infer<typeof parameterType> | undefined;
  readonly value: string;
  readonly overwrite: boolean;
}

async function put(store: Store, caller: Caller, { name, type, value, overwrite }: Put): Promise<number> {
  if (Buffer.byteLength(value) > MAX_VALUE_BYTES) {
    throw new AwsError(
      'ValidationException',
      `Standard tier parameters support a maximum parameter value of ${MAX_VALUE_BYTES} characters.`,
    );
  }
  const { region } = caller;
  const chosen = type ?? find(store, region, name)?.versions[0]?.type;
  if (chosen === undefined)
    throw new AwsError('ValidationException', 'A parameter type is required when you create a parameter.');
  const kept = chosen === 'SecureString' ? await store.sealer.seal(region, value, sealContext(name, caller)) : value;
  return store.document.update((current) => {
    const before = current.parameters.find((one) => one.region === region && one.name === name);
    if (before && !overwrite) {
      throw new AwsError(
        'ParameterAlreadyExists',
        'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
      );
    }
    const version = (before?.versions[0]?.version ?? 0) + 1;
    const made: ParameterVersion = { version, type: chosen, value: kept, modified: store.now() };
    const next = { region, name, versions: [made, ...(before?.versions ?? [])].slice(0, MAX_VERSIONS) };
    const others = current.parameters.filter((one) => one !== before);
    return { next: { parameters: [...others, next] }, result: version };
  });
}

async function describe(store: Store, caller: Caller, found: Parameter, version: ParameterVersion, decrypt: boolean) {
  const sealed = version.type === 'SecureString' && decrypt;
  return {
    Name: found.name,
    Type: version.type,
    Value: sealed
      ? await store.sealer.open(found.region, version.value, sealContext(found.name, caller))
      : version.value,
    Version: version.version,
    LastModifiedDate: epochSeconds(version.modified),
    ARN: arnOf(found.name, caller),
    DataType: 'text',
  };
}

/** `name`, `name:version` or an ARN (API reference, GetParameter). Labels are not answered. */
function select(store: Store, caller: Caller, reference: string) {
  const { name, selector } = split(reference, caller);
  const found = find(store, caller.region, name);
  const version = found?.versions.find((one) => selector === undefined || String(one.version) === selector);
  if (found && version) return { found, version };
  throw found
    ? new AwsError('ParameterVersionNotFound', `Systems Manager could not find version ${selector} of ${name}.`)
    : new AwsError('ParameterNotFound', '');
}

function split(reference: string, caller: Caller): { readonly name: string; readonly selector: string | undefined } {
  const prefix = arnOf('', caller);
  // The ARN of `a` and of `/a` is the same; a name without hierarchy has no slash in front.
  const path = reference.startsWith(prefix) ? reference.slice(prefix.length - 1) : reference;
  const local = path !== reference && path.lastIndexOf('/') === 0 ? path.slice(1) : path;
  const colon = local.lastIndexOf(':');
  return colon < 0
    ? { name: local, selector: undefined }
    : { name: local.slice(0, colon), selector: local.slice(colon + 1) };
}

const parameterName = z
  .string()
  .max(1011)
  .regex(/^(?:[a-zA-Z0-9_.-]+|(?:\/[a-zA-Z0-9_.-]+){1,15})$/, 'is not a parameter name')
  .refine((name) => !/^\/?(?:aws|ssm)/i.test(name), 'must not begin with aws or ssm');

const permission = (action: string, name: string, caller: Caller): RequiredPermission => ({
  action: `ssm:${action}`,
  resource: arnOf(split(name, caller).name, caller),
});

const operationsOn = (store: Store) => ({
  GetParameter: operation({
    input: z.strictObject({ Name: z.string().min(1).max(2048), WithDecryption: z.boolean().default(false) }),
    permissions: ({ Name }, caller) => [permission('GetParameter', Name, caller)],
    run: async ({ Name, WithDecryption }, caller) => {
      const { found, version } = select(store, caller, Name);
      return { Parameter: await describe(store, caller, found, version, WithDecryption) };
    },
  }),
  GetParameters: operation({
    input: z.strictObject({
      Names: z.array(z.string().min(1).max(2048)).min(1).max(10),
      WithDecryption: z.boolean().default(false),
    }),
    permissions: ({ Names }, caller) => Names.map((name) => permission('GetParameters', name, caller)),
    run: async ({ Names, WithDecryption }, caller) => {
      const Parameters: unknown[] = [];
      const InvalidParameters: string[] = [];
      for (const name of Names) {
        try {
          const { found, version } = select(store, caller, name);
          Parameters.push(await describe(store, caller, found, version, WithDecryption));
        } catch (error) {
          if (!(error instanceof AwsError)) throw error;
          InvalidParameters.push(name);
        }
      }
      return { Parameters, InvalidParameters };
    },
  }),
  GetParametersByPath: operation({
    input: z.strictObject({
      Path: z.string().min(1).max(2048).startsWith('/'),
      Recursive: z.boolean().default(false),
      WithDecryption: z.boolean().default(false),
      MaxResults: z.number().int().min(1).max(10).default(10),
      NextToken: z.string().optional(),
    }),
    permissions: ({ Path }, caller) => [
      { action: 'ssm:GetParametersByPath', resource: arnOf(Path.length > 1 ? Path.replace(/\/$/, '') : Path, caller) },
    ],
    run: async ({ Path, Recursive, WithDecryption, MaxResults, NextToken }, caller) => {
      const prefix = Path.endsWith('/') ? Path : `${Path}/`;
      const under = store.document.current().parameters.filter(({ region, name }) => {
        if (region !== caller.region || !name.startsWith(prefix)) return false;
        return Recursive || !name.slice(prefix.length).includes('/');
      });
      const bad = (): AwsError => new AwsError('InvalidNextToken', 'The specified token is not valid.');
      const { page, next } = pageOf(under, ({ name }) => name, MaxResults, NextToken, bad);
      const described = page.flatMap((found) => {
        const [version] = found.versions;
        return version ? [describe(store, caller, found, version, WithDecryption)] : [];
      });
      return { Parameters: await Promise.all(described), NextToken: next };
    },
  }),
  PutParameter: operation({
    input: z.strictObject({
      Name: parameterName,
      Value: z.string().min(1),
      Type: parameterType.optional(),
      Overwrite: z.boolean().default(false),
      Description: z.string().max(1024).optional(),
      Tier: z.literal('Standard').optional(),
      DataType: z.literal('text').optional(),
      KeyId: z.literal('alias/aws/ssm').optional(),
    }),
    permissions: ({ Name }, caller) => [permission('PutParameter', Name, caller)],
    run: async ({ Name, Value, Type, Overwrite }, caller) => ({
      Version: await put(store, caller, { name: Name, type: Type, value: Value, overwrite: Overwrite }),
      Tier: 'Standard',
    }),
  }),
});
