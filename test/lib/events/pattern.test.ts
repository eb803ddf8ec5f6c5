import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LadingError } from '../../../lib/core/errors.ts';
import { compilePattern, patternProblem } from '../../../lib/events/pattern.ts';
import {
  events,
  eventsFor,
  onePathEvents,
  onePathPatterns,
  patterns,
} from '../../support/event-pattern-arbitraries.ts';
import { referenceMatches } from '../../support/event-pattern-reference.ts';
import { correctnessCases, invalidPatterns, orCases, rulerCases } from './pattern-ruler-cases.ts';

const matches = (pattern: unknown, event: unknown): boolean => compilePattern(pattern).matches(event);

describe('the public cases of aws/event-ruler', () => {
  it('has all 51 correctness cases, 33 of which match', () => {
    expect(correctnessCases).toHaveLength(51);
    expect(correctnessCases.filter((one) => one.matches)).toHaveLength(33);
  });

  it.each(correctnessCases)('correctness: $what', ({ pattern, event, matches: expected }) => {
    expect(matches(pattern, event)).toBe(expected);
    expect(referenceMatches(pattern as object, event)).toBe(expected);
  });

  it.each(rulerCases)('operators: $what', ({ pattern, event, matches: expected }) => {
    expect(matches(pattern, event)).toBe(expected);
    expect(referenceMatches(pattern as object, event)).toBe(expected);
  });

  it.each(orCases)('$or: $what', ({ pattern, event, matches: expected }) => {
    expect(matches(pattern, event)).toBe(expected);
  });

  it.each(invalidPatterns)('refuses %s', (_what, pattern) => {
    expect(() => compilePattern(pattern)).toThrow(expect.objectContaining({ code: 'pattern-invalid' }));
  });
});

describe('what a refusal says', () => {
  it('names the path and the reason', () => {
    expect(patternProblem({ detail: { state: [{ wildcard: 'a**' }] } })).toBe(
      'the event pattern is invalid at detail.state: consecutive wildcard characters at position 1',
    );
    expect(patternProblem({ detail: { $or: [{ a: [1] }, { b: 1 }] } })).toMatch(/at detail\.b: it must be an object/);
    expect(patternProblem([])).toMatch(/at its root/);
    expect(patternProblem({ source: ['lading.sign'] })).toBeUndefined();
  });

  it('refuses a pattern that multiplies without end or nests without end', () => {
    const or = [{ a: [1] }, { b: [1] }, { c: [1] }, { d: [1] }];
    const product = { x: { $or: or }, y: { $or: or }, z: { $or: or }, u: { $or: or }, v: { $or: or } };
    expect(patternProblem(product)).toMatch(/over 1000 alternatives/);
    let deep: Record<string, unknown> = { a: [1] };
    for (let i = 0; i < 50_000; i++) deep = { a: deep };
    expect(() => compilePattern(deep)).toThrow(LadingError);
  });
});

describe('where this matcher is stricter than Ruler', () => {
  // Ruler walks hexadecimal digits without knowing what they spell, so a wide block also takes in numbers and
  // addresses of the other family that begin with the same digits.
  it('keeps numbers and the other family out of a block of addresses', () => {
    expect(matches({ a: [{ cidr: '0.0.0.0/1' }] }, { a: 1 })).toBe(false);
    expect(matches({ a: [{ cidr: '::/0' }] }, { a: '10.0.0.1' })).toBe(false);
    expect(matches({ a: [{ cidr: '0.0.0.0/0' }] }, { a: '2001:db8::1' })).toBe(false);
    expect(matches({ a: [{ cidr: '0.0.0.0/0' }] }, { a: '192.0.2.1' })).toBe(true);
  });

  // Ruler folds UTF-16 units one by one, which turns characters outside the basic plane into question marks.
  it('folds whole characters', () => {
    expect(matches({ a: [{ 'equals-ignore-case': '𐐀🚢' }] }, { a: '𐐨🚢' })).toBe(true);
    expect(matches({ a: [{ 'equals-ignore-case': '🚢' }] }, { a: '??' })).toBe(false);
  });
});

describe('against the slow reference', () => {
  it('agrees on every operator with every kind of value', () => {
    fc.assert(
      fc.property(onePathPatterns, onePathEvents, (pattern, event) => {
        expect(matches(pattern, event)).toBe(referenceMatches(pattern, event));
      }),
      { numRuns: 2000 },
    );
  });

  it('agrees on nested patterns and events made for them', () => {
    const pairs = patterns.chain((pattern) => fc.tuple(fc.constant(pattern), eventsFor(pattern)));
    let matched = 0;
    fc.assert(
      fc.property(pairs, ([pattern, event]) => {
        const expected = referenceMatches(pattern, event);
        if (expected) matched++;
        expect(matches(pattern, event)).toBe(expected);
      }),
      { numRuns: 1500 },
    );
    expect(matched).toBeGreaterThan(50);
  });

  it('agrees on patterns and events that know nothing of each other', () => {
    fc.assert(
      fc.property(patterns, events, (pattern, event) => {
        expect(matches(pattern, event)).toBe(referenceMatches(pattern, event));
      }),
      { numRuns: 500 },
    );
  });
});

describe('hostile events', () => {
  it('answers anything that is no object with no match', () => {
    for (const event of [undefined, null, 1, 'x', [], [{ a: 1 }], Symbol('x'), () => 1, 1n]) {
      expect(matches({ a: [{ exists: true }] }, event)).toBe(false);
    }
  });

  it('never throws, whatever the event', () => {
    fc.assert(
      fc.property(
        patterns,
        fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true }),
        (pattern, any) => {
          expect(typeof matches(pattern, any)).toBe('boolean');
          expect(typeof matches(pattern, { a: any, b: any, 'a.b': any })).toBe('boolean');
        },
      ),
    );
  });

  it('treats prototype names as keys like any other', () => {
    const event: unknown = JSON.parse('{"__proto__": {"constructor": "x"}, "toString": 1}');
    expect(matches(JSON.parse('{"__proto__": {"constructor": ["x"]}}'), event)).toBe(true);
    expect(matches({ toString: [1] }, event)).toBe(true);
    expect(matches({ valueOf: [{ exists: true }] }, event)).toBe(false);
  });

  it('does not follow nesting that it was not asked for, and gives up on arrays in arrays in arrays', () => {
    let objects: unknown = 'x';
    let arrays: unknown = ['x'];
    for (let i = 0; i < 100_000; i++) {
      objects = { a: objects };
      arrays = [arrays];
    }
    expect(compilePattern({ a: { a: ['x'] } }).evaluate(objects)).toBe('no-match');
    expect(compilePattern({ a: ['x'] }).evaluate({ a: arrays })).toBe('limit-exceeded');
    expect(compilePattern({ a: ['x'] }).matches({ a: arrays })).toBe(false);
  });

  it('takes a large array of objects in its stride', () => {
    const items = Array.from({ length: 40_000 }, (_, i) => ({ a: i, b: i + 1, c: i + 2 }));
    const pattern = compilePattern({ d: { a: [{ exists: true }], b: [{ exists: true }], c: [39_999 + 2] } });
    expect(pattern.evaluate({ d: items })).toBe('match');
    expect(pattern.evaluate({ d: items.slice(0, -1) })).toBe('no-match');
  });

  it('takes nested arrays in its stride', () => {
    const inner = Array.from({ length: 30_000 }, (_, i) => ({ x: i, y: i % 7, z: 1 }));
    const pattern = compilePattern({ d: { e: { x: [{ exists: true }], y: [{ exists: true }], z: [2] } } });
    expect(pattern.evaluate({ d: [{ e: inner }] })).toBe('no-match');
  });

  it('does not multiply independent arrays', () => {
    const many = Array.from({ length: 5_000 }, (_, i) => ({ x: i }));
    const event = { a: many, b: many, c: many, d: many, e: 1 };
    const any = { x: [{ exists: true }] };
    expect(compilePattern({ a: any, b: any, c: any, d: any, e: [2] }).evaluate(event)).toBe('no-match');
    expect(compilePattern({ a: any, b: any, c: any, d: any, e: [1] }).evaluate(event)).toBe('match');
  });

  it('stops, and says so, where dotted keys make independent arrays of one path multiply', () => {
    const fields = ['p', 'q', 'r', 's', 't'];
    const many = Array.from({ length: 300 }, () => Object.fromEntries(fields.map((key) => [key, 1])));
    const event = { 'a.b.c': many, a: { 'b.c': many, b: { c: many } }, 'a.b': { c: many } };
    const condition = Object.fromEntries(fields.map((key) => [key, [{ exists: true }]]));
    const pattern = compilePattern({ a: { b: { c: { ...condition, t: [2] } } } });
    expect(pattern.evaluate(event)).toBe('limit-exceeded');
    expect(pattern.matches(event)).toBe(false);
  });

  it('matches long wildcards over long texts without backtracking', () => {
    const pattern = compilePattern({ a: [{ wildcard: `${'a*'.repeat(500)}b` }] });
    expect(pattern.evaluate({ a: 'a'.repeat(200_000) })).toBe('no-match');
  });
});
