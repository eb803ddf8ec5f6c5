import { describe, expect, it } from 'vitest';
import { eventsOf, parseOsvRecord } from '../../../../lib/formats/osv/index.ts';

const minimal = {
  id: 'TEST-1',
  affected: [
    { package: { ecosystem: 'npm', name: 'left' }, ranges: [{ type: 'SEMVER', events: [{ introduced: '0' }] }] },
  ],
};

describe('parseOsvRecord', () => {
  it('lets unknown members pass and takes null for an absent list', () => {
    const record = parseOsvRecord({
      ...minimal,
      schema_version: '1.9.9',
      invented: { later: true },
      aliases: null,
      affected: [{ ...minimal.affected[0], versions: null, ecosystem_specific: { imports: [1] } }],
    });
    expect(record.aliases).toEqual([]);
    expect(record.affected[0]?.versions).toEqual([]);
  });

  it('splits events that older records put into one object', () => {
    const record = parseOsvRecord({
      ...minimal,
      affected: [
        { ...minimal.affected[0], ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '1', fixed: '2' }] }] },
      ],
    });
    const range = record.affected[0]?.ranges[0];
    expect(range && eventsOf(range)).toEqual([
      ['introduced', '1'],
      ['fixed', '2'],
    ]);
  });

  it.each([
    ['without id', { affected: [] }, /without id/],
    ['with an id that is no text', { ...minimal, id: 7 }, /id/],
    ['with a range of unknown type', withRange({ type: 'MAGIC', events: [{ introduced: '0' }] }), /ranges\.0\.type/],
    ['with a range without events', withRange({ type: 'SEMVER', events: [] }), /events/],
    ['with an event of no known kind', withRange({ type: 'SEMVER', events: [{ begun: '1' }] }), /introduced, fixed/],
    ['with a version that is a number', withRange({ type: 'SEMVER', events: [{ introduced: 1 }] }), /introduced/],
    ['with a package without name', { ...minimal, affected: [{ package: { ecosystem: 'npm' } }] }, /name/],
    ['that is a list', [], /root|expected object/],
    ['that is nothing', null, /./],
  ])('refuses a record %s', (_what, value, message) => {
    expect(() => parseOsvRecord(value)).toThrow(expect.objectContaining({ code: 'osv-invalid' }));
    expect(() => parseOsvRecord(value)).toThrow(message);
  });
});

function withRange(range: unknown): unknown {
  return { ...minimal, affected: [{ ...minimal.affected[0], ranges: [range] }] };
}
