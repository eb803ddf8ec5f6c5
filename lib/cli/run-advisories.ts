import { bucketClient } from '../aws/bucket-client.ts';
import { queueClient, runNow } from '../aws/queues.ts';
import { systemClock } from '../core/clock.ts';
import { shortDigest } from '../core/digest.ts';
import { LadingError } from '../core/errors.ts';
import { formatBytes, plural } from '../core/format-units.ts';
import { s3Documents } from '../documents/adapters/s3-documents.ts';
import { getJson } from './api-client.ts';
import { connect } from './connection.ts';
import { importAdvisories } from './import-advisories.ts';
import { defuse, paint, printJson, say } from './output.ts';
import { createProgress } from './progress.ts';
import { advisoriesAnswer } from './shapes.ts';
import { printTable } from './table.ts';

interface Options {
  readonly output: 'table' | 'json';
  readonly data?: string | undefined;
}

export async function runImport(
  paths: readonly string[],
  options: Options & { readonly bucket?: string | undefined; readonly prefix: string },
): Promise<void> {
  const local = options.bucket === undefined ? connect({ ...options, onlyLocal: true }).local : undefined;
  const bucket = options.bucket ?? local?.documentsBucket;
  if (bucket === undefined) {
    throw new LadingError('bucket-unknown', 'the local stack does not say what its bucket of documents is', {
      hint: 'command line and stack are of different versions; start the stack again',
    });
  }
  const progress = createProgress(process.stderr);
  try {
    progress.show('reading advisories');
    const documents = s3Documents(bucketClient(local), bucket);
    const imported = await importAdvisories(documents, paths, (name) => progress.show(`importing ${name}`));
    progress.clear();
    await runNow(queueClient(local), options.prefix, 'sync-advisories', systemClock.now());
    const note = paint('yellow', 'note', process.stderr);
    for (const { name, why } of imported.leftOut) say(`${note}: ${defuse(name)} is left out: ${defuse(shorten(why))}`);
    if (options.output === 'json') {
      printJson({ bucket, ...imported });
      return;
    }
    const { files, bytes, advisories } = imported;
    process.stdout.write(
      `imported ${advisories} advisories in ${plural(files.length, 'file')} (${formatBytes(bytes)})\n`,
    );
    say('they are being compiled; "lading advisories status" shows when they are in force');
  } finally {
    progress.clear();
  }
}

/** The first statement of a problem; the examples after it are for `-o json`. */
const shorten = (text: string): string => text.split(', for example')[0]?.slice(0, 200) ?? '';

export async function runStatus(options: Options & { readonly api?: string | undefined }): Promise<void> {
  const status = await getJson(connect(options), '/api/advisories', advisoriesAnswer);
  if (options.output === 'json') {
    printJson(status);
    return;
  }
  const { snapshot, sources } = status;
  if (snapshot === undefined) {
    process.stdout.write('there is no snapshot of advisories yet\n');
    say('"lading run sync-advisories" makes one');
    return;
  }
  const line = (name: string, value: string): void =>
    void process.stdout.write(`${paint('dim', name.padEnd(11))}${defuse(value)}\n`);
  line('snapshot', `${shortDigest(snapshot.id)}, number ${snapshot.sequence}`);
  line('since', snapshot.createdAt);
  line('advisories', String(snapshot.advisories));
  line('rematched', snapshot.rematched ? 'all images know of it' : 'images are being matched again');
  process.stdout.write('\n');
  printTable(
    ['SOURCE', 'SCOPE', 'ADVISORIES', 'LEFT OUT', 'READ', 'FETCHED', 'ECOSYSTEMS'],
    sources.map((source) => [
      source.name,
      source.scope,
      String(source.advisories),
      String(source.rejected),
      source.readAt,
      source.fetched ? `${formatBytes(source.fetched.last)} of ${formatBytes(source.fetched.total)}` : '',
      shortList(source.ecosystems.map(({ name }) => name)),
    ]),
  );
  for (const { name, problem, goodAt } of sources) {
    if (!problem) continue;
    const last = goodAt === undefined ? 'it never gave anything' : `what it said until ${goodAt} counts`;
    say(
      `${paint('yellow', 'warning', process.stderr)}: ${defuse(name)} is not taken over since ${problem.since} (${problem.kind}): ${defuse(problem.message)}; ${last}`,
    );
  }
}

const NAMED = 6;
const shortList = (names: readonly string[]): string =>
  names.length > NAMED ? `${names.slice(0, NAMED).join(', ')} and ${names.length - NAMED} more` : names.join(', ');
