import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { followSecrets } from '../../../../functions/follow-secrets/function.ts';
import { compilePattern } from '../../../../lib/events/pattern.ts';
import { registriesConfigSchema } from '../../../../lib/registry/config.ts';
import { changedSources } from '../../../../lib/registry/index.ts';

const ARN = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:lading/quay-AbCdEf';
const entry = (host: string, credentials: object) => ({ kind: 'distribution', host, credentials });
const config = registriesConfigSchema.parse({
  entries: [
    entry('harbor.example', { kind: 'secret', secret: 'lading/harbor' }),
    entry('quay.example', { kind: 'stored', from: { secret: ARN } }),
    entry('docker.io', { kind: 'stored', from: { parameter: '/lading/hub' }, username: 'u' }),
    entry('other.example', { kind: 'stored', from: { parameter: 'bare' }, username: 'u' }),
    entry('open.example', { kind: 'anonymous' }),
  ],
});
const arnOf = (name: string) => `arn:aws:secretsmanager:eu-central-1:111122223333:secret:${name}`;
const call = (detail: object) => ({
  ...{ source: 'aws.secretsmanager', 'detail-type': 'AWS API Call via CloudTrail' },
  detail: { eventSource: 'secretsmanager.amazonaws.com', eventName: 'PutSecretValue', ...detail },
});
const service = (id: string) => ({
  ...{ source: 'aws.secretsmanager', 'detail-type': 'AWS Service Event via CloudTrail' },
  detail: { eventName: 'RotationSucceeded', additionalEventData: { SecretId: id } },
});
const parameter = (name: string, operation = 'Update') => ({
  ...{ source: 'aws.ssm', 'detail-type': 'Parameter Store Change' },
  detail: { operation, name, type: 'SecureString', description: '' },
});
const harbor = [{ secret: 'lading/harbor' }];

describe('an event of a changed secret', () => {
  it.each<[string, { source: string; detail: object }, readonly unknown[]]>([
    ['a name', call({ requestParameters: { secretId: 'lading/harbor' }, responseElements: null }), harbor],
    ['an ARN', call({ requestParameters: { secretId: arnOf('lading/harbor-XyZ123') } }), harbor],
    ['the ARN of the answer', call({ responseElements: { arn: arnOf('lading/harbor-XyZ123') } }), harbor],
    ['the ARN as it was spelled before', call({ responseElements: { aRN: arnOf('lading/harbor-XyZ123') } }), harbor],
    ['the end of a rotation', service(arnOf('lading/harbor-XyZ123')), harbor],
    [
      'what the configuration names by ARN',
      call({ requestParameters: { secretId: 'lading/quay' } }),
      [{ secret: ARN }],
    ],
    ['a parameter', parameter('/lading/hub'), [{ parameter: '/lading/hub' }]],
    ['a parameter without a path', parameter('bare', 'Create'), [{ parameter: 'bare' }]],
    ['another secret', call({ requestParameters: { secretId: 'lading/harbor2' } }), []],
    ['a call that failed', call({ errorCode: 'AccessDenied', requestParameters: { secretId: 'lading/harbor' } }), []],
    ['a parameter of the name of a secret', parameter('lading/harbor'), []],
    ['nothing', call({ requestParameters: 'x', responseElements: [] }), []],
  ])('is understood by %s', (_, event, expected) => {
    expect(changedSources(event, config)).toEqual(expected);
  });

  it('is let through by the rule, and reading a secret is not', () => {
    const rule = followSecrets.trigger.kind === 'events' ? compilePattern(followSecrets.trigger.pattern) : undefined;
    const passes = (event: object): boolean => rule?.matches(event) ?? false;
    expect(passes(call({}))).toBe(true);
    expect(passes(service(ARN))).toBe(true);
    expect(passes(parameter('/lading/hub'))).toBe(true);
    expect(passes(call({ eventName: 'GetSecretValue' }))).toBe(false);
    expect(passes(parameter('/lading/hub', 'Delete'))).toBe(false);
    expect(passes({ ...call({}), source: 'my.own' })).toBe(false);
  });

  it('is nothing to fall over, whatever it holds', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('aws.ssm', 'aws.secretsmanager', ''), (detail, source) => {
        expect(changedSources({ source, detail }, config)).toEqual([]);
      }),
    );
  });
});
