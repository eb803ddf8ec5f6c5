import type { Clock } from '../core/clock.ts';
import { isLadingError } from '../core/errors.ts';
import { type CompiledSource, compileAdvisories } from './compile-advisories.ts';
import { AdvisorySourceError } from './errors.ts';
import type { SourceSection } from './model.ts';
import type { ReadLimits } from './open-file.ts';
import type { AdvisorySource, AdvisoryStore, SourceReading } from './ports.ts';

export interface ReadPorts {
  readonly store: Pick<AdvisoryStore, 'loadShards' | 'putShards'>;
  readonly clock: Clock;
}

export interface ReadOptions {
  readonly limits?: ReadLimits;
  /** A source that is still being read then has failed: it must not take the others' news with it. */
  readonly deadline?: Date;
}

export interface Compiled {
  readonly reading: SourceReading;
  readonly compiled?: CompiledSource;
}

/**
 * Reads a source and compiles what it says. Where a shard of the section in force is gone, changes say too little: the
 * source is read whole, which mends it.
 *
 * @throws AdvisorySourceError
 */
export async function readAndCompile(
  ports: ReadPorts,
  source: AdvisorySource,
  base: SourceSection | undefined,
  options: ReadOptions,
): Promise<Compiled> {
  const reading = await source.read(base?.validator);
  if (reading.kind === 'unchanged' || reading.kind === 'absent') return { reading };
  try {
    const compiled = await compileReading(ports, reading, base, options);
    return reading.kind === 'files' && reading.isBehind
      ? await catchUp(ports, source, { reading, compiled }, { ...options, isFirst: base === undefined })
      : { reading, compiled };
  } catch (error) {
    const isGone = isLadingError(error, 'shard-missing') || isLadingError(error, 'document-damaged');
    if (reading.kind !== 'changes' || !isGone) throw error;
    return readAndCompile(ports, source, undefined, options);
  }
}

/** Folds what changed since the archive into it, before it is in force: what was known of those records must not go back. */
async function catchUp(
  ports: ReadPorts,
  source: AdvisorySource,
  archive: Required<Compiled>,
  { isFirst, ...options }: ReadOptions & { readonly isFirst: boolean },
): Promise<Compiled> {
  const { reading, compiled } = archive;
  const section = sectionOf(source, compiled, reading.kind === 'files' ? reading.validator : undefined);
  const next = await source.read(section.validator).catch((error: unknown) => {
    // Where nothing is known yet, an archive of yesterday is better than nothing; the next run asks again.
    if (isFirst && error instanceof AdvisorySourceError) return undefined;
    throw error;
  });
  if (next?.kind !== 'changes') return archive;
  await ports.store.putShards(compiled.shards);
  const fetchedBytes = (reading.fetchedBytes ?? 0) + (next.fetchedBytes ?? 0);
  return { reading: { ...next, fetchedBytes }, compiled: await compileReading(ports, next, section, options) };
}

const sectionOf = (
  { name, scope }: AdvisorySource,
  { section }: CompiledSource,
  validator: string | undefined,
): SourceSection => ({
  ...{ name, scope, readAt: new Date(0).toISOString() },
  ...section,
  ...(validator === undefined ? {} : { validator }),
});

export function withoutThoseOf(
  base: SourceSection | undefined,
  shards: CompiledSource['shards'],
): CompiledSource['shards'] {
  const stored = new Set(base?.ecosystems.flatMap((ecosystem) => ecosystem.shards));
  return new Map([...shards].filter(([digest]) => !stored.has(digest)));
}

async function compileReading(
  { store, clock }: ReadPorts,
  reading: Extract<SourceReading, { readonly kind: 'files' | 'changes' }>,
  base: SourceSection | undefined,
  { limits, deadline }: ReadOptions,
): Promise<CompiledSource> {
  // Twenty formats, which whoever only matches need not load.
  const { readAdvisories } = await import('./read-advisories.ts');
  const inTime = async function* <T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    for await (const item of items) {
      if (deadline && clock.now() >= deadline) {
        throw new AdvisorySourceError('too-large', 'it could not be read to its end in the time that a run has');
      }
      yield item;
    }
  };
  if (reading.kind === 'files') return compileAdvisories(inTime(readAdvisories(reading.files, limits)));
  if (!base) throw new AdvisorySourceError('broken', 'it tells of changes, and nothing was read from it before');
  const { foldChanges } = await import('./fold-changes.ts');
  const made = await compileAdvisories(inTime(foldChanges(store, base, reading, limits)));
  // What was left out of the whole is still left out.
  const { rejected } = made.section.rejected.count > 0 ? made.section : base;
  return { ...made, section: { ...made.section, rejected } };
}
