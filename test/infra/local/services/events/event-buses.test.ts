import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { EventBuses } from '../../../../../infra/local/services/events/event-buses.ts';
import { valueAt } from '../../../../../infra/local/services/events/json-path.ts';
import type { BusEvent, DroppedEvent } from '../../../../../infra/local/services/events/model.ts';
import { eventsService } from '../../../../../infra/local/services/events/service.ts';
import { fillTemplate } from '../../../../../infra/local/services/events/target-input.ts';
import { LocalScheduler } from '../../../../../infra/local/services/scheduler/local-scheduler.ts';
import type { ServiceRequest } from '../../../../../infra/local/services/service.ts';
import type { RuleDefinition, RuleTarget } from '../../../../../infra/local/template/backends.ts';
import { manualClock } from '../../../../../lib/core/clock.ts';
import { compilePattern } from '../../../../../lib/events/pattern.ts';
import { place } from '../../support/functions.ts';

const queue = (name: string): string => `arn:aws:sqs:eu-central-1:111122223333:${name}`;
const busArn = (region: string, name: string): string => `arn:aws:events:${region}:111122223333:event-bus/${name}`;
const clock = manualClock('2026-01-01T00:00:00.789Z');

describe('event buses', () => {
  let sent: { arn: string; body: unknown; options: unknown }[];
  let dropped: DroppedEvent[];
  let scheduler: LocalScheduler;
  let buses: EventBuses;
  let intercept: (event: BusEvent) => readonly BusEvent[];
  beforeEach(() => {
    sent = [];
    dropped = [];
    intercept = (event) => [event];
    scheduler = new LocalScheduler(clock);
    buses = new EventBuses({
      clock,
      compilePattern,
      scheduler,
      deliver: (arn, body, options) => {
        if (arn.endsWith(':gone')) throw new Error('the queue is gone');
        sent.push({ arn, body: JSON.parse(body), options });
      },
      onDropped: (event) => dropped.push(event),
      intercept: (event) => intercept(event),
    });
    buses.createBus({ name: 'lading', ...place });
  });
  const rule = (more: Partial<RuleDefinition> & { targets: readonly RuleTarget[] }): void =>
    buses.putRule({
      name: 'rule',
      arn: 'arn:rule',
      busName: 'lading',
      enabled: true,
      pattern: { source: ['lading.intake'] },
      schedule: undefined,
      ...place,
      ...more,
    });
  const to = (name: string, more: Partial<RuleTarget> = {}): RuleTarget => ({ id: name, arn: queue(name), ...more });
  const put = (more: { source?: string; detail?: unknown } = {}): string =>
    buses.put('lading', place, { source: 'lading.intake', detailType: 'Image Pushed', detail: { a: 1 }, ...more });

  it('hand the whole event to each target of each rule that matches', () => {
    rule({ targets: [to('one'), to('two')] });
    rule({ pattern: { detail: { a: [{ numeric: ['>', 5] }] } }, targets: [to('three')] });
    rule({ enabled: false, targets: [to('off')] });
    const id = put();
    expect(sent.map(({ arn }) => arn)).toEqual([queue('one'), queue('two')]);
    expect(sent[0]?.body).toEqual({
      version: '0',
      id,
      'detail-type': 'Image Pushed',
      source: 'lading.intake',
      account: '111122223333',
      time: '2026-01-01T00:00:00Z',
      region: 'eu-central-1',
      resources: [],
      detail: { a: 1 },
    });
  });

  it('form what a target receives', () => {
    rule({
      targets: [
        to('constant', { input: '{"c":1}' }),
        to('path', { inputPath: '$.detail' }),
        to('template', {
          inputTransformer: {
            paths: { a: '$.detail.a', type: '$.detail-type', none: '$.detail.none' },
            template:
              '{"a":<a>,"text":"<type>: <a>","type":<type>,"none":"<none>","rule":<aws.events.rule-name>,"kept":"<other>"}',
          },
        }),
        to('group', { messageGroupId: 'g' }),
      ],
    });
    put({ detail: { a: { b: 'x"y' } } });
    expect(sent.map(({ body }) => body).slice(0, 3)).toEqual([
      { c: 1 },
      { a: { b: 'x"y' } },
      {
        a: { b: 'x"y' },
        text: 'Image Pushed: {"b":"x\\"y"}',
        type: 'Image Pushed',
        none: '',
        rule: 'rule',
        kept: '<other>',
      },
    ]);
    expect(sent[3]?.options).toEqual({ messageGroupId: 'g' });
  });

  it('give what cannot be delivered to the dead-letter queue of the target, or say that it is dropped', () => {
    rule({ targets: [to('gone', { deadLetterArn: queue('dead') }), to('gone')] });
    put();
    expect(sent).toEqual([
      {
        arn: queue('dead'),
        body: expect.objectContaining({ source: 'lading.intake' }),
        options: {
          attributes: expect.objectContaining({ TARGET_ARN: queue('gone'), ERROR_MESSAGE: 'the queue is gone' }),
        },
      },
    ]);
    expect(dropped).toMatchObject([{ targetArn: queue('gone'), why: 'the queue is gone' }]);
  });

  it('forward to a bus of another region, the event unchanged, and stop a loop', () => {
    buses.createBus({ name: 'lading', region: 'eu-west-1', accountId: '111122223333' });
    rule({ targets: [{ id: 'bus', arn: busArn('eu-west-1', 'lading') }] });
    rule({ region: 'eu-west-1', targets: [to('far'), { id: 'back', arn: busArn('eu-central-1', 'lading') }] });
    put();
    expect(sent[0]).toMatchObject({ arn: queue('far'), body: { region: 'eu-central-1' } });
    expect(sent.length).toBeLessThan(5);
    expect(dropped[0]?.why).toContain('goes round');
  });

  it('have a default bus in every region without asking', () => {
    buses.put('default', { region: 'ap-south-1', accountId: '1' }, { source: 'aws.ecr', detailType: 'x', detail: {} });
    rule({ busName: 'default', pattern: { source: ['aws.ecr'] }, targets: [to('ecr')] });
    buses.put('default', place, { source: 'aws.ecr', detailType: 'ECR Image Action', detail: {}, resources: [] });
    expect(sent).toHaveLength(1);
    expect(buses.names('eu-central-1')).toEqual(['default', 'lading']);
  });

  it('let a test lose and double events', () => {
    rule({ targets: [to('one')] });
    intercept = (event) => (event.source === 'lading.intake' ? [event, event] : []);
    put();
    put({ source: 'lost' });
    expect(sent).toHaveLength(2);
  });

  it('run a rule by schedule', () => {
    rule({
      busName: 'default',
      pattern: undefined,
      schedule: 'rate(5 minutes)',
      targets: [to('work', { input: '{"job":"x"}' }), to('plain')],
    });
    put();
    expect(sent).toEqual([]);
    expect(scheduler.run(({ targetArns }) => targetArns.includes(queue('work')))).toBe(1);
    expect(sent.map(({ body }) => body)).toEqual([
      { job: 'x' },
      expect.objectContaining({ source: 'aws.events', 'detail-type': 'Scheduled Event', resources: ['arn:rule'] }),
    ]);
  });

  it('refuse a rule that could never work', () => {
    const code = (code: string) => expect.objectContaining({ code });
    expect(() => rule({ busName: 'none', targets: [] })).toThrow(code('bus-unknown'));
    expect(() => rule({ pattern: { source: 'text' }, targets: [] })).toThrow(code('pattern-invalid'));
    expect(() => rule({ targets: [{ id: 'x', arn: 'arn:aws:states:x:1:stateMachine:y' }] })).toThrow(
      code('target-unsupported'),
    );
    expect(() => rule({ pattern: undefined, schedule: 'daily', targets: [] })).toThrow(code('schedule-invalid'));
  });

  describe('by PutEvents', () => {
    const call = async (body: unknown, operation = 'PutEvents') => {
      const bytes = Buffer.from(JSON.stringify(body));
      const request: ServiceRequest = {
        method: 'POST',
        url: new URL('http://127.0.0.1/'),
        headers: new Map([['x-amz-target', `AWSEvents.${operation}`]]),
        ...place,
        principal: undefined,
        body: (async function* () {
          yield bytes;
        })(),
      };
      const service = eventsService(buses);
      const { status, body: text } = await service.handle(request);
      return { status, body: JSON.parse(String(text)), needs: service.authorize(request, bytes) };
    };
    const entry = { Source: 's', DetailType: 'd', Detail: '{}', EventBusName: 'lading' };

    it('answer entry by entry', async () => {
      rule({ pattern: { source: ['s'] }, targets: [to('one')] });
      const { status, body, needs } = await call({
        Entries: [
          { ...entry, Time: 1_700_000_000.9, Resources: ['r'] },
          { ...entry, EventBusName: busArn('eu-central-1', 'lading') },
          { ...entry, Source: '' },
          { ...entry, Detail: '[]' },
          { ...entry, Detail: '{' },
          { ...entry, Source: 'aws.ecr' },
          { ...entry, EventBusName: 'none' },
        ],
      });
      expect(status).toBe(200);
      expect(body.FailedEntryCount).toBe(5);
      expect(body.Entries.map((e: Record<string, string>) => e.ErrorCode ?? typeof e.EventId)).toEqual([
        'string',
        'string',
        'InvalidArgument',
        'MalformedDetail',
        'MalformedDetail',
        'NotAuthorizedForSourceException',
        'ResourceNotFoundException',
      ]);
      expect(sent).toHaveLength(2);
      expect(sent[0]?.body).toMatchObject({ time: '2023-11-14T22:13:20Z', resources: ['r'] });
      expect(needs).toEqual([
        { action: 'events:PutEvents', resource: busArn('eu-central-1', 'lading') },
        { action: 'events:PutEvents', resource: busArn('eu-central-1', 'none') },
      ]);
    });

    it('refuse too many, too large, and what is no call', async () => {
      expect((await call({ Entries: Array(11).fill(entry) })).body.__type).toBe('ValidationException');
      expect((await call({ Entries: [] })).status).toBe(400);
      const large = { ...entry, Detail: JSON.stringify({ x: 'x'.repeat(1024 * 1024) }) };
      expect((await call({ Entries: [large] })).body.message).toContain('over the limit');
      expect((await call({ Entries: 'x' })).body.__type).toBe('SerializationException');
      expect((await call({}, 'PutRule')).body.__type).toBe('UnknownOperationException');
      expect((await call({}, 'ListEventBuses')).body.EventBuses).toHaveLength(2);
    });
  });
});

describe('JSON paths', () => {
  const document = { a: { 'b-c': [{ d: 1 }, 2] }, 'x y': 3 };
  it.each<[string, unknown]>([
    ['$', document],
    ['$.a.b-c[0].d', 1],
    ['$.a.b-c[1]', 2],
    ["$['x y']", 3],
    ['$.a.none.more', undefined],
    ['$.constructor', undefined],
    ['$.a..b', undefined],
    ['a.b', undefined],
  ])('%s', (path, expected) => {
    expect(valueAt(document, path)).toEqual(expected);
  });
});

describe('input templates', () => {
  it('stay JSON whatever the values are', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (value, text) => {
        const values = new Map<string, unknown>([
          ['v', value],
          ['t', text],
        ]);
        const filled = JSON.parse(fillTemplate('{"v":<v>,"t":<t>,"both":"<t> and <v>"}', values));
        // JSON has no negative zero.
        expect(filled.v).toEqual(JSON.parse(JSON.stringify(value)));
        expect(filled.t).toBe(text);
        expect(filled.both.startsWith(text)).toBe(true);
      }),
    );
  });
});
