import { RE2JS } from 're2js';
import semver from 'semver';
import { compileGlobs } from '../core/glob.ts';
import type { Selectable } from './model.ts';
import type { Selector } from './selector.ts';
import { tagClass, tagVersion } from './tag-version.ts';

type Test<T> = (of: T) => boolean;

/** Reads a selector once, for many units. */
export function compileSelector(select: Selector): Test<Selectable> {
  const tests: Test<Selectable>[] = [...tagTests(select), ...contentTests(select)];
  return (unit) => tests.every((test) => test(unit));
}

function tagTests(select: Selector): Test<Selectable>[] {
  const some: Test<string>[] = [];
  if (select.tags) some.push(compileGlobs(select.tags));
  if (select.otherTags) some.push(not(compileGlobs(select.otherTags)));
  if (select.tagPatterns) some.push(compilePatterns(select.tagPatterns));
  if (select.otherTagPatterns) some.push(not(compilePatterns(select.otherTagPatterns)));
  if (select.versions !== undefined) some.push(inRange(select.versions));
  if (select.tagClasses) {
    const classes = new Set<string>(select.tagClasses);
    some.push((tag) => classes.has(tagClass(tag)));
  }
  const each = (select.allTags ?? []).map((glob) => compileGlobs([glob]));
  const asks = some.length > 0 || each.length > 0;
  const tagged = select.tagged ?? (asks ? 'yes' : 'any');
  return [
    ({ tags }) => tagged === 'any' || tags.length > 0 === (tagged === 'yes'),
    // What has no tags is judged by `tagged` alone.
    ({ tags }) => tags.length === 0 || [...some, ...each].every((test) => tags.some(test)),
  ];
}

function contentTests(select: Selector): Test<Selectable>[] {
  const tests: Test<Selectable>[] = [];
  if (select.artifactClasses) {
    const classes = new Set(select.artifactClasses);
    tests.push(({ artifactClass }) => classes.has(artifactClass));
  }
  if (select.platforms) {
    const matches = compileGlobs(select.platforms);
    tests.push(({ platforms }) => platforms.some(matches));
  }
  for (const [name, glob] of Object.entries(select.labels ?? {})) {
    const matches = compileGlobs([glob]);
    tests.push(({ labels }) => matches(labels.get(name) ?? '') && labels.has(name));
  }
  if (select.signed !== undefined) tests.push(({ signed }) => signed === select.signed);
  const least = select.largerThanBytes;
  if (least !== undefined) tests.push(({ sizeBytes }) => sizeBytes > least);
  return tests;
}

const not =
  (test: Test<string>): Test<string> =>
  (text) =>
    !test(text);

/** Whether some pattern (RE2 syntax) matches somewhere in the text, in time linear in its length. */
export function compilePatterns(patterns: readonly string[]): Test<string> {
  const compiled = patterns.map((pattern) => RE2JS.compile(pattern));
  return (text) => compiled.some((pattern) => pattern.matcher(text).find());
}

function inRange(range: string): Test<string> {
  const compiled = new semver.Range(range, { includePrerelease: true });
  return (tag) => {
    const version = tagVersion(tag);
    return version !== undefined && compiled.test(version);
  };
}
