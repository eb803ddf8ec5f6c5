import { randomUUID } from 'node:crypto';
import type { Clock } from '../../../../lib/core/clock.ts';
import { describeError, LadingError } from '../../../../lib/core/errors.ts';
import type { CompiledPattern } from '../../../../lib/events/pattern.ts';
import type { EventBackend, Place, RuleDefinition, RuleTarget } from '../../template/backends.ts';
import type { LocalScheduler } from '../scheduler/local-scheduler.ts';
import type { BusEvent, DroppedEvent, EventInput } from './model.ts';
import { targetInput } from './target-input.ts';

export interface DeliveryOptions {
  readonly attributes?: Readonly<Record<string, string>>;
  readonly messageGroupId?: string | undefined;
}

/** Sends a text to a queue, a function or another bus. Throws where it cannot. */
export type Deliver = (targetArn: string, body: string, options?: DeliveryOptions) => void;

export interface EventBusesOptions {
  readonly clock: Clock;
  readonly compilePattern: (pattern: unknown) => CompiledPattern;
  readonly deliver: Deliver;
  readonly scheduler: LocalScheduler;
  readonly onDropped: (dropped: DroppedEvent) => void;
  /** Stands between producers and rules: what it returns is what happens. For tests of loss and duplicates. */
  readonly intercept?: ((event: BusEvent, busName: string) => readonly BusEvent[]) | undefined;
}

interface Rule {
  readonly definition: RuleDefinition;
  readonly pattern: CompiledPattern | undefined;
}

interface Bus {
  readonly place: Place;
  readonly name: string;
  readonly rules: Rule[];
}

/** An event may be handed from bus to bus so often; more is a loop. */
const MAX_HOPS = 5;

/** The buses of all regions with their rules; `default` is there in every region without being made. */
export class EventBuses implements EventBackend {
  readonly #options: EventBusesOptions;
  readonly #buses = new Map<string, Bus>();
  readonly #hops = new WeakMap<BusEvent, number>();
  readonly #listeners = new Set<(event: BusEvent, busName: string, region: string) => void>();

  constructor(options: EventBusesOptions) {
    this.#options = options;
  }

  createBus({ name, region, accountId }: Place & { readonly name: string }): void {
    const key = `${region}/${name}`;
    if (!this.#buses.has(key)) this.#buses.set(key, { place: { region, accountId }, name, rules: [] });
  }

  /** @throws LadingError `pattern-invalid`, `schedule-invalid` or `target-unsupported` */
  putRule(definition: RuleDefinition): void {
    const { busName, region, name, pattern, schedule, enabled, targets } = definition;
    for (const { arn } of targets)
      requireTarget(`the rule ${name} of ${region}`, arn, /^arn:aws:(?:sqs|lambda|events):/);
    if (busName === 'default') this.createBus({ ...definition, name: 'default' });
    const bus = this.#buses.get(`${region}/${busName}`);
    if (bus === undefined) throw unknownBus(busName, region);
    const compiled = pattern === undefined ? undefined : this.#options.compilePattern(pattern);
    const rule: Rule = { definition, pattern: compiled };
    if (enabled) bus.rules.push(rule);
    if (schedule !== undefined) this.#schedule(rule, schedule);
  }

  has(busName: string, region: string): boolean {
    return busName === 'default' || this.#buses.has(`${region}/${busName}`);
  }

  names(region: string): readonly string[] {
    const named = [...this.#buses.values()].filter(({ place }) => place.region === region).map(({ name }) => name);
    return [...new Set(['default', ...named])].sort();
  }

  /**
   * Puts an event on a bus, and gives its id. Targets have it when this returns.
   *
   * @throws LadingError `bus-unknown`
   */
  put(busName: string, place: Place, input: EventInput): string {
    const now = this.#options.clock.now();
    const event: BusEvent = {
      version: '0',
      id: randomUUID(),
      'detail-type': input.detailType,
      source: input.source,
      account: place.accountId,
      time: toSeconds(input.time ?? now),
      region: place.region,
      resources: input.resources ?? [],
      detail: input.detail,
    };
    const { intercept } = this.#options;
    for (const each of intercept === undefined ? [event] : intercept(event, busName)) {
      this.forward(busName, place.region, each);
    }
    return event.id;
  }

  /**
   * Matches an event, as it is, against the rules of a bus.
   *
   * @throws LadingError `bus-unknown`
   */
  forward(busName: string, region: string, event: BusEvent): void {
    const bus = this.#buses.get(`${region}/${busName}`);
    if (bus === undefined && busName !== 'default') throw unknownBus(busName, region);
    for (const listener of this.#listeners) listener(event, busName, region);
    for (const { definition, pattern } of bus?.rules ?? []) {
      if (pattern?.matches(event) !== true) continue;
      for (const target of definition.targets) this.#send(definition, target, event);
    }
  }

  /** Called for each event on each bus that it reaches. Returns what ends the listening. */
  onEvent(listener: (event: BusEvent, busName: string, region: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #send(rule: RuleDefinition, target: RuleTarget, event: BusEvent): void {
    const { deliver, onDropped } = this.#options;
    try {
      if (target.arn.startsWith('arn:aws:events:')) {
        this.#sendToBus(target.arn, event);
        return;
      }
      deliver(target.arn, targetInput(target, event, rule), { messageGroupId: target.messageGroupId });
    } catch (error) {
      const why = describeError(error);
      if (target.deadLetterArn === undefined) {
        onDropped({ ruleArn: rule.arn, targetArn: target.arn, why, event });
        return;
      }
      // "Using dead-letter queues to process undelivered events"
      deliver(target.deadLetterArn, JSON.stringify(event), {
        attributes: {
          RULE_ARN: rule.arn,
          TARGET_ARN: target.arn,
          ERROR_CODE: error instanceof LadingError ? error.code : 'INTERNAL_ERROR',
          ERROR_MESSAGE: why.slice(0, 1024),
          EXHAUSTED_RETRY_CONDITION: 'MaximumRetryAttempts',
          RETRY_ATTEMPTS: '0',
        },
      });
    }
  }

  #sendToBus(busArn: string, event: BusEvent): void {
    const [, , , region = '', , resource = ''] = busArn.split(':');
    const hops = (this.#hops.get(event) ?? 0) + 1;
    if (hops > MAX_HOPS) throw new LadingError('event-loop', `the event ${event.id} goes round between buses`);
    const copy = { ...event };
    this.#hops.set(copy, hops);
    this.forward(resource.replace('event-bus/', ''), region, copy);
  }

  #schedule(rule: Rule, expression: string): void {
    const { definition } = rule;
    this.#options.scheduler.add({
      arn: definition.arn,
      expression,
      enabled: definition.enabled,
      targetArns: definition.targets.map(({ arn }) => arn),
      fire: (scheduledAt) => {
        const event: BusEvent = {
          version: '0',
          id: randomUUID(),
          'detail-type': 'Scheduled Event',
          source: 'aws.events',
          account: definition.accountId,
          time: toSeconds(scheduledAt),
          region: definition.region,
          resources: [definition.arn],
          detail: {},
        };
        for (const target of definition.targets) this.#send(definition, target, event);
      },
    });
  }
}

/** @throws LadingError `target-unsupported` */
export function requireTarget(source: string, arn: string, supported: RegExp): void {
  if (supported.test(arn)) return;
  throw new LadingError('target-unsupported', `${source} has the target ${arn}`, {
    hint: 'queues, functions and (for rules) buses are the targets that the local stack knows',
  });
}

export const toSeconds = (time: Date): string => time.toISOString().replace(/\.\d{3}Z$/, 'Z');

const unknownBus = (name: string, region: string): LadingError =>
  new LadingError('bus-unknown', `there is no event bus ${name} in ${region}`);
