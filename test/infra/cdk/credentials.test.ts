import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { functionDeclarations as allDeclarations } from '../../../infra/functions.ts';
import { AccessControl } from '../../../infra/local/facade/iam/access-control.ts';
import { unpackText } from '../../../lib/core/packed-text.ts';
import { build, type Resource, removeFolders, type Synthesis, synthesize } from './synthesis.ts';

/** No scanner is set to work here; see scanners.test.ts. */
const functionDeclarations = allDeclarations.filter(({ onlyWith }) => onlyWith !== 'scanners');

const ACCOUNT = '111122223333';
const OTHER = '999988887777';
const ROLE = `arn:aws:iam::${OTHER}:role/lading-pull`;
const ADMIN = `arn:aws:secretsmanager:eu-central-1:${ACCOUNT}:secret:harbor/admin-AbCdEf`;
const registries = [
  {
    kind: 'distribution',
    host: 'harbor.example.com',
    credentials: { kind: 'secret', secret: 'lading/harbor' },
    writeCredentials: { kind: 'secret', secret: 'lading/pusher' },
    rotation: { issuer: { kind: 'harbor', admin: { secret: ADMIN }, robots: [1, 2] } },
  },
  {
    kind: 'distribution',
    host: 'docker.io',
    credentials: { kind: 'stored', from: { parameter: '/lading/hub' }, username: 'acme' },
  },
  { kind: 'distribution', host: 'public.ecr.aws', credentials: { kind: 'ecr-public' } },
  {
    kind: 'ecr',
    host: `${OTHER}.dkr.ecr.eu-central-1.amazonaws.com`,
    region: 'eu-central-1',
    account: OTHER,
    awsRole: { arn: ROLE, externalId: 'lading-1' },
  },
];

let synthesis: Synthesis;
let access: AccessControl;
const roles = new Map<string, string>();

/** The references of this template, with what they are on AWS put in their place. */
function resolved(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(resolved);
  if (value === null || typeof value !== 'object') return value;
  const [[key, argument] = ['', undefined], ...more] = Object.entries(value);
  if (more.length === 0 && key === 'Ref') return argument === 'AWS::AccountId' ? ACCOUNT : `ref-${argument}`;
  if (more.length === 0 && key === 'Fn::GetAtt')
    return `arn:aws:x:eu-central-1:${ACCOUNT}:${(argument as string[])[0]}`;
  if (more.length === 0 && key === 'Fn::Join') return (resolved((argument as unknown[])[1]) as string[]).join('');
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, resolved(one)]));
}

beforeAll(async () => {
  synthesis = await synthesize({
    account: ACCOUNT,
    primaryRegion: 'eu-central-1',
    registries,
    backup: { sources: [{ registry: 'docker.io' }] },
    edge: { enabled: true },
  });
  access = new AccessControl();
  for (const { Type, Properties } of Object.values(synthesis.resources) as Resource[]) {
    if (Type !== 'AWS::Lambda::Function') continue;
    const name = String(Properties.FunctionName).replace('lading-', '');
    const roleId = Properties.Role['Fn::GetAtt'][0] as string;
    const [policy] = synthesis.resources[roleId]?.Properties.Policies ?? [];
    access.addRole({ name: roleId, arn: `arn:aws:iam::${ACCOUNT}:role/${roleId}`, managedPolicyArns: [] });
    access.addPolicy({ name: 'rights', roleNames: [roleId], document: resolved(policy.PolicyDocument) });
    roles.set(name, roleId);
  }
});
afterAll(removeFolders);

const may = (name: string, action: string, resource: string): boolean =>
  access.check(roles.get(name) ?? '', { action, resource }, new Map(), new Date(0)).allowed;

const secretArn = (name: string) => `arn:aws:secretsmanager:eu-central-1:${ACCOUNT}:secret:${name}`;
const HARBOR = secretArn('lading/harbor-XyZ123');
const PARAMETER = `arn:aws:ssm:eu-central-1:${ACCOUNT}:parameter/lading/hub`;
const speaking = functionDeclarations
  .filter(({ uses }) => uses.some((use) => 'registry' in use && use.onlyWith === undefined))
  .map(({ name }) => name);
const writing = functionDeclarations
  .filter(({ uses }) => uses.some((use) => 'registry' in use && ['push', 'delete'].includes(use.registry)))
  .map(({ name }) => name);
const others = functionDeclarations.map(({ name }) => name).filter((name) => !speaking.includes(name));

describe('rights to the credentials of registries, as the facade of the local stack decides', () => {
  it.each(speaking)('%s reads exactly what registries name, and takes exactly their role', (name) => {
    const writes = writing.includes(name);
    expect(may(name, 'secretsmanager:GetSecretValue', HARBOR)).toBe(!writes);
    expect(may(name, 'secretsmanager:GetSecretValue', secretArn('lading/pusher-XyZ123'))).toBe(writes);
    expect(may(name, 'ssm:GetParameter', PARAMETER)).toBe(true);
    expect(may(name, 'sts:AssumeRole', ROLE)).toBe(true);
    expect(may(name, 'ecr-public:GetAuthorizationToken', '*')).toBe(true);
    for (const other of [secretArn('lading/harbor2-XyZ123'), secretArn('lading/harbor-XyZ1234'), ADMIN])
      expect(may(name, 'secretsmanager:GetSecretValue', other)).toBe(false);
    for (const action of ['PutSecretValue', 'UpdateSecretVersionStage', 'DescribeSecret'])
      expect(may(name, `secretsmanager:${action}`, HARBOR)).toBe(false);
    expect(may(name, 'ssm:GetParameter', `${PARAMETER}2`)).toBe(false);
    expect(may(name, 'ssm:PutParameter', PARAMETER)).toBe(false);
    expect(may(name, 'sts:AssumeRole', `${ROLE}-admin`)).toBe(false);
    // What the other account's role may do is that account's matter.
    const repository = `arn:aws:ecr:eu-central-1:${OTHER}:repository/app`;
    expect(may(name, 'ecr:BatchGetImage', repository)).toBe(false);
  });

  it.each(others)('%s speaks to no registry, and may read none of it', (name) => {
    expect(may(name, 'secretsmanager:GetSecretValue', HARBOR)).toBe(name === 'rotate-credentials');
    expect(may(name, 'secretsmanager:GetSecretValue', ADMIN)).toBe(name === 'rotate-credentials');
    expect(may(name, 'ssm:GetParameter', PARAMETER)).toBe(false);
    expect(may(name, 'sts:AssumeRole', ROLE)).toBe(false);
  });

  it('only the rotation writes, and only to what is rotated', () => {
    const actions = ['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'];
    for (const action of actions) expect(may('rotate-credentials', `secretsmanager:${action}`, HARBOR)).toBe(true);
    expect(may('rotate-credentials', 'secretsmanager:PutSecretValue', ADMIN)).toBe(false);
    expect(may('rotate-credentials', 'secretsmanager:DeleteSecret', HARBOR)).toBe(false);
  });

  it('rotates on a schedule, through a queue with dead letters and alarms, and only where that is asked for', async () => {
    const of = (type: string) => Object.values(synthesis.resources).filter(({ Type }) => Type === type);
    const rule = of('AWS::Events::Rule').find(({ Properties }) =>
      Properties.Description.includes('(rotate-credentials)'),
    );
    expect(rule?.Properties).toMatchObject({ ScheduleExpression: 'rate(6 hours)', State: 'ENABLED' });
    const queue = of('AWS::SQS::Queue').find(({ Properties }) => Properties.QueueName === 'lading-rotate-credentials');
    expect(queue?.Properties.RedrivePolicy).toMatchObject({ maxReceiveCount: 10 });
    const alarms = of('AWS::CloudWatch::Alarm').map(({ Properties }) => String(Properties.AlarmName));
    const own = ['dead-letters', 'dead-letters-expiring', 'function-errors'].map(
      (what) => `lading-rotate-credentials-${what}`,
    );
    expect(alarms).toEqual(expect.arrayContaining(own));
    const namesIn = async (lading: object) => {
      const { resources } = await synthesize({ account: ACCOUNT, ...lading });
      return Object.values(resources).map(({ Properties }) => String(Properties.FunctionName));
    };
    const without = await namesIn({});
    expect(without).not.toContain('lading-rotate-credentials');
    expect(without).not.toContain('lading-follow-secrets');
    const { rotation: _rotation, ...kept } = registries[0] as Record<string, unknown>;
    const stored = await namesIn({ registries: [kept] });
    expect(stored).toContain('lading-follow-secrets');
    expect(stored).not.toContain('lading-rotate-credentials');
  });

  it('tells each function of the credentials that are its own', () => {
    expect(writing.length).toBeGreaterThan(1);
    for (const name of speaking) {
      const [, { Properties } = { Properties: {} }] =
        Object.entries(synthesis.resources).find(([, one]) => one.Properties.FunctionName === `lading-${name}`) ?? [];
      const text = Object.values(Properties.Environment?.Variables ?? {})
        .map((value) => (typeof value === 'string' ? unpackText(value) : JSON.stringify(value)))
        .join();
      expect(text.includes('lading/pusher'), name).toBe(writing.includes(name));
      expect(text.includes('lading/harbor'), name).toBe(!writing.includes(name));
      expect(text, name).not.toContain('writeCredentials');
    }
  });

  it('says nothing of who mints credentials to those who use them', () => {
    for (const { Type, Properties } of Object.values(synthesis.resources)) {
      if (Type !== 'AWS::Lambda::Function') continue;
      const knows = JSON.stringify(Properties.Environment ?? {}).includes('harbor/admin');
      expect(knows, Properties.FunctionName).toBe(Properties.FunctionName === 'lading-rotate-credentials');
    }
  });
});

describe('what would not work, or not stay secret, where functions run', () => {
  const entry = (credentials: object, more: object = {}) => [
    { kind: 'distribution', host: 'r.example', credentials, ...more },
  ];
  const workload = { file: '/var/run/secrets/token' };
  it.each([
    ['a password', entry({ kind: 'basic', username: 'u', password: 'hunter2' }), 'readable in the template'],
    [
      'a variable',
      entry({ kind: 'stored', from: { variable: 'TOKEN' }, token: 'github' }),
      'a variable of the environment',
    ],
    ['logins of a machine', entry({ kind: 'docker-config' }), 'the logins of a machine'],
    [
      'a workload token',
      entry({ kind: 'acr', tenant: 't.example', clientId: '0'.repeat(36), token: workload }),
      'the OIDC token of a workload',
    ],
    [
      'a role by a workload token',
      [{ ...registries[3], awsRole: { arn: ROLE, token: workload } }],
      'a function takes a role with its own',
    ],
    [
      'an administrator in the environment',
      entry(
        { kind: 'secret', secret: 's' },
        { rotation: { issuer: { kind: 'harbor', admin: { variable: 'ADMIN' }, robots: [1, 2] } } },
      ),
      'a function has no environment of yours',
    ],
    [
      'a rotation of what is no secret of Secrets Manager',
      entry(
        { kind: 'stored', from: { parameter: '/p' }, username: 'u' },
        { rotation: { issuer: { kind: 'harbor', admin: { secret: 's' }, robots: [1, 2] } } },
      ),
      'only credentials that are a secret of Secrets Manager',
    ],
  ])('is refused before anything is deployed: %s', async (_, refused, why) => {
    const error = await build({ registries: refused }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(String((error as Error | undefined)?.message)).toContain(why);
    expect(String((error as Error | undefined)?.message)).not.toContain('hunter2');
  });
});
