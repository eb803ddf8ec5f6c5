import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { compilePattern } from '../../lib/events/pattern.ts';
import { events, eventsFor, onePathEvents, onePathPatterns, patterns } from '../support/event-pattern-arbitraries.ts';
import type { InteropCheck } from './interop-check.ts';

const run = promisify(execFile);
type Context = Parameters<InteropCheck['run']>[0];

/** The published library, run as it is. Reads lines of [rule, event], writes one letter per line. */
const ORACLE = `
import java.io.*; import java.nio.charset.StandardCharsets;
import com.fasterxml.jackson.databind.*; import software.amazon.event.ruler.*;
public class Oracle { public static void main(String[] args) throws Exception {
  ObjectMapper mapper = new ObjectMapper(); StringBuilder out = new StringBuilder(); String line;
  BufferedReader in = new BufferedReader(new InputStreamReader(new FileInputStream(args[0]), StandardCharsets.UTF_8));
  while ((line = in.readLine()) != null) { JsonNode pair = mapper.readTree(line);
    try { Machine machine = new Machine(); machine.addRule("r", pair.get(0).toString());
      out.append(machine.rulesForJSONEvent(pair.get(1).toString()).isEmpty() ? "n" : "m"); }
    catch (Throwable refused) { out.append("x"); } }
  System.out.print(out); } }`;

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>lading</groupId><artifactId>oracle</artifactId><version>1</version><dependencies><dependency>
<groupId>software.amazon.event.ruler</groupId><artifactId>event-ruler</artifactId><version>2.0.1</version>
</dependency></dependencies></project>`;

type Pair = readonly [pattern: Readonly<Record<string, unknown>>, event: unknown];
type Oracle = (pairs: readonly Pair[]) => Promise<string>;

async function createOracle({ work, tools }: Context): Promise<Oracle> {
  const env = { ...process.env, PATH: `${tools}${delimiter}${process.env.PATH ?? ''}` };
  const options = { cwd: work, env, maxBuffer: 64 << 20 };
  await writeFile(join(work, 'pom.xml'), POM);
  await writeFile(join(work, 'Oracle.java'), ORACLE);
  await run('mvn', ['-q', '-B', 'dependency:copy-dependencies', '-DoutputDirectory=jars'], options);
  await run('javac', ['-cp', 'jars/*', 'Oracle.java'], options);
  return async (pairs) => {
    await writeFile(join(work, 'pairs'), pairs.map((pair) => `${JSON.stringify(pair)}\n`).join(''));
    const { stdout } = await run('java', ['-cp', 'jars/*:.', 'Oracle', 'pairs'], options);
    if (stdout.length !== pairs.length)
      throw new Error(`the oracle answered ${stdout.length} of ${pairs.length} pairs`);
    return stdout;
  };
}

function samplePairs(count: number, seed: number): readonly Pair[] {
  const nested = patterns.chain((pattern) =>
    fc.tuple(
      fc.constant(pattern),
      eventsFor(pattern).filter((event) => !Array.isArray(event)),
    ),
  );
  const sample = (pairs: fc.Arbitrary<Pair>, numRuns: number) => fc.sample(pairs, { numRuns, seed });
  return [
    ...sample(fc.tuple(onePathPatterns, onePathEvents), Math.ceil(count * 0.45)),
    ...sample(nested, Math.ceil(count * 0.45)),
    ...sample(fc.tuple(patterns, events), Math.ceil(count * 0.1)),
  ];
}

/**
 * The pattern with one value per field, in every combination: by the meaning of patterns the event matches one of
 * these or does not match at all. Where Ruler says otherwise it contradicts itself.
 */
function onePerField(pattern: Readonly<Record<string, unknown>>): readonly Record<string, unknown>[] {
  let variants: Record<string, unknown>[] = [{}];
  for (const [key, member] of Object.entries(pattern)) {
    const choices =
      key === '$or'
        ? (member as Record<string, unknown>[]).flatMap((branch) => onePerField(branch).map((one) => [one, one]))
        : Array.isArray(member)
          ? member.map((value) => [value])
          : onePerField(member as Record<string, unknown>);
    variants = variants.flatMap((variant) => choices.map((choice) => ({ ...variant, [key]: choice })));
    if (variants.length > 5000) throw new RangeError('too many variants');
  }
  return variants;
}

async function contradictsItself(oracle: Oracle, [pattern, event]: Pair, ours: string): Promise<boolean> {
  const again = new Set(await oracle(Array.from({ length: 200 }, () => [pattern, event] as const)));
  if (again.size > 1) return true;
  const parts = await oracle(onePerField(pattern).map((variant) => [variant, event] as const));
  return (parts.includes('m') ? 'm' : 'n') === ours;
}

async function compareWithRuler(context: Context): Promise<string> {
  const oracle = await createOracle(context);
  const pairs = samplePairs(50_000, 20_261_124);
  const answers = await oracle(pairs);
  let matched = 0;
  let excused = 0;
  for (const [i, pair] of pairs.entries()) {
    const ours = compilePattern(pair[0]).matches(pair[1]) ? 'm' : 'n';
    if (ours === 'm') matched++;
    if (ours === answers[i]) continue;
    if (!(await contradictsItself(oracle, pair, ours))) {
      throw new Error(`event-ruler says ${answers[i]}, we say ${ours}: ${JSON.stringify(pair)}`);
    }
    excused++;
  }
  return `${pairs.length - excused} pairs (${matched} matches) agree with event-ruler 2.0.1; in ${excused} more it contradicts itself`;
}

export const checks: readonly InteropCheck[] = [
  {
    name: 'event patterns: aws/event-ruler gives the same answers',
    needs: ['java', 'javac', 'mvn'],
    run: compareWithRuler,
  },
];
