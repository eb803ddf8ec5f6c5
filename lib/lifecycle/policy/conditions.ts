import { RE2JS } from 're2js';
import { compare, type SemVer } from 'semver';
import { groupBy } from '../../core/group-by.ts';
import { tagVersion } from '../../selection/index.ts';
import type { Age, Condition, Group, Rank } from '../config.ts';
import type { Unit } from './unit.ts';

/** `unknown`: what the condition asks for is not known of the unit, so that nobody may be sure either way. */
export type Answer = { readonly holds: 'yes' | 'no' | 'unknown'; readonly why: string };

const DAY_MS = 24 * 3600 * 1000;

/** Reads a condition once, over all units that its rule selects. */
export function compileCondition(condition: Condition, selected: readonly Unit[], now: number): (unit: Unit) => Answer {
  const parts: ((unit: Unit) => Answer)[] = [];
  const { newest, beyondNewest, olderThan, youngerThan } = condition;
  if (newest) parts.push(rankTest(newest, selected, (position, count) => position < count));
  if (beyondNewest) parts.push(rankTest(beyondNewest, selected, (position, count) => position >= count));
  if (olderThan) parts.push(ageTest(olderThan, selected, now, (age, days) => age > days));
  if (youngerThan) parts.push(ageTest(youngerThan, selected, now, (age, days) => age < days));
  return (unit) => {
    const answers = parts.map((part) => part(unit));
    const why = answers.map((answer) => answer.why).join(', ');
    if (answers.some(({ holds }) => holds === 'no')) return { holds: 'no', why };
    return { holds: answers.some(({ holds }) => holds === 'unknown') ? 'unknown' : 'yes', why };
  };
}

/** When something happened to a unit, in ms; -Infinity for never. */
function timeOf(unit: Unit, kind: Exclude<Age['since'], 'superseded'>): number | 'unknown' {
  switch (kind) {
    case 'used':
      return unit.usedAt === 'never' ? Number.NEGATIVE_INFINITY : unit.usedAt;
    case 'pushed':
      return unit.pushedAt;
    case 'created':
      return unit.createdAt ?? 'unknown';
    case 'pulled':
      return unit.pulledAt === 'never' ? Number.NEGATIVE_INFINITY : unit.pulledAt;
    case 'active': {
      if (unit.pulledAt === 'unknown') return 'unknown';
      return unit.pulledAt === 'never' ? unit.pushedAt : Math.max(unit.pushedAt, unit.pulledAt);
    }
    default:
      return kind satisfies never;
  }
}

function ageTest(
  age: Age,
  selected: readonly Unit[],
  now: number,
  test: (ageDays: number, days: number) => boolean,
): (unit: Unit) => Answer {
  const { since } = age;
  const timeFor = since === 'superseded' ? supersession(age.per, selected) : (unit: Unit) => timeOf(unit, since);
  return (unit) => {
    const time = timeFor(unit);
    if (time === 'never') return { holds: 'no', why: `nothing newer ${since} it` };
    if (time === 'unknown') return { holds: 'unknown', why: `when it was ${age.since} is not known` };
    const ageDays = (now - time) / DAY_MS;
    const why =
      ageDays === Number.POSITIVE_INFINITY ? `never ${age.since}` : `${age.since} ${ageDays.toFixed(1)} days ago`;
    return { holds: test(ageDays, age.days) ? 'yes' : 'no', why };
  };
}

/** When the next one of its group was pushed; `never` for the newest. */
function supersession(per: Group | undefined, selected: readonly Unit[]): (unit: Unit) => number | 'unknown' | 'never' {
  const times = new Map<Unit, number>();
  for (const [, members] of groupBy(selected, grouping(per), (unit) => unit)) {
    members.sort((a, b) => b.pushedAt - a.pushedAt);
    let newer: number | undefined;
    for (const [i, unit] of members.entries()) {
      const before = members[i - 1]?.pushedAt;
      if (before !== undefined && before > unit.pushedAt) newer = before;
      if (newer !== undefined) times.set(unit, newer);
    }
  }
  return (unit) => times.get(unit) ?? 'never';
}

function rankTest(
  rank: Rank,
  selected: readonly Unit[],
  test: (position: number, count: number) => boolean,
): (unit: Unit) => Answer {
  const positions = new Map<Unit, number>();
  const keyOf = rank.by === 'version' ? highestVersion : orderedTime(rank.by);
  for (const [, members] of groupBy(selected, grouping(rank.per), (unit) => ({ unit, key: keyOf(unit) }))) {
    // One whose time nobody knows may be the newest of all. The others can then only stand further back than they are
    // counted here, so that nothing is taken for superfluous by mistake.
    const known = members.filter((member): member is Ranked => member.key !== undefined);
    known.sort((a, b) => newerFirst(a.key, b.key) || (a.unit.id < b.unit.id ? -1 : 1));
    for (const [position, { unit }] of known.entries()) positions.set(unit, position);
  }
  const of = rank.per === undefined ? '' : ' of its group';
  return (unit) => {
    const position = positions.get(unit);
    if (position === undefined) return { holds: 'unknown', why: `its place${of} by ${rank.by} is not known` };
    return {
      holds: test(position, rank.count) ? 'yes' : 'no',
      why: `number ${position + 1}${of} by ${rank.by}, the newest ${rank.count} count`,
    };
  };
}

type RankKey = number | SemVer;
interface Ranked {
  readonly unit: Unit;
  readonly key: RankKey;
}

const orderedTime =
  (by: Exclude<Rank['by'], 'version'>) =>
  (unit: Unit): number | undefined => {
    const time = timeOf(unit, by);
    return time === 'unknown' ? undefined : time;
  };

function newerFirst(a: RankKey, b: RankKey): number {
  if (typeof a === 'number' && typeof b === 'number') return a === b ? 0 : a > b ? -1 : 1;
  return compare(b as SemVer, a as SemVer);
}

function highestVersion({ tags }: Unit): SemVer | undefined {
  return tags
    .map(tagVersion)
    .filter((version) => version !== undefined)
    .reduce<SemVer | undefined>((most, version) => (most && compare(most, version) >= 0 ? most : version), undefined);
}

function grouping(per: Group | undefined): (unit: Unit) => string | undefined {
  if (per === undefined) return () => '';
  if (per === 'major' || per === 'minor') {
    return (unit) => {
      const version = highestVersion(unit);
      return version && (per === 'major' ? `${version.major}` : `${version.major}.${version.minor}`);
    };
  }
  if ('label' in per) return ({ labels }) => labels.get(per.label);
  const compiled = RE2JS.compile(per.tagPattern);
  return ({ tags }) => {
    for (const tag of tags) {
      const matcher = compiled.matcher(tag);
      if (matcher.find()) return matcher.groupCount() > 0 ? (matcher.group(1) ?? '') : (matcher.group(0) ?? '');
    }
    return undefined;
  };
}
