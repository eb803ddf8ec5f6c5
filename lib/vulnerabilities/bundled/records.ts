import { cvssFacts, distributionFacts, npmFacts } from './facts.ts';

/** The bundled facts as OSV records, so that they go the same way as everybody else's. */
export function bundledRecords(): readonly unknown[] {
  return [...npmRecords(), ...distributionRecords()];
}

const linesOf = (text: string): readonly string[] => text.split('\n').filter((line) => line.trim() !== '');

function npmRecords(): readonly unknown[] {
  const records: { affected: unknown[] }[] = [];
  for (const line of linesOf(npmFacts)) {
    const words = line.trim().split(' ');
    if (line.startsWith('  ')) {
      const [name, ...ranges] = words;
      records.at(-1)?.affected.push({
        package: { ecosystem: 'npm', name },
        ranges: ranges.map((range) => {
          const [introduced, fixed] = range.split('..');
          return { type: 'SEMVER', events: [{ introduced }, { fixed }] };
        }),
      });
      continue;
    }
    const [id, alias, severity, vector] = words;
    records.push({
      ...{ id, aliases: [alias], database_specific: { severity } },
      ...(vector === '-' ? {} : { severity: [{ type: 'CVSS_V3', score: vector }] }),
      affected: [],
    });
  }
  return records;
}

function distributionRecords(): readonly unknown[] {
  const vectors = new Map(linesOf(cvssFacts).map((line) => line.split(' ') as [string, string]));
  const affectedBy = new Map<string, unknown[]>();
  for (const line of linesOf(distributionFacts)) {
    const [place = '', ids = ''] = line.split(': ');
    const [ecosystem, name, fixed] = place.split(' ');
    const affected = {
      package: { ecosystem, name },
      ranges: [{ type: 'ECOSYSTEM', events: [{ introduced: '0' }, { fixed }] }],
    };
    for (const id of ids.split(' ')) affectedBy.set(id, [...(affectedBy.get(id) ?? []), affected]);
  }
  return [...affectedBy].map(([id, affected]) => {
    const score = vectors.get(id);
    return { id, affected, ...(score ? { severity: [{ type: 'CVSS_V3', score }] } : {}) };
  });
}
