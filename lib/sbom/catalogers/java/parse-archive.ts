import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isLadingError, LimitExceededError } from '../../../core/errors.ts';
import { once } from '../../../core/once.ts';
import { readZip } from '../../../formats/zip/index.ts';
import type { ContentGap, FileKind } from '../cataloger.ts';
import { parseArchiveName } from './archive-name.ts';
import { identifyArchive, mavenGroup } from './identify-archive.ts';
import { type Manifest, parseManifest } from './parse-manifest.ts';
import { type MavenCoordinates, parsePomProperties } from './parse-pom-properties.ts';

const artifactSchema = once(() =>
  z.object({
    /** Empty where nothing tells it. */
    group: z.string(),
    artifact: z.string(),
    version: z.string(),
    licenses: z.array(z.string()),
    /** Of the archive, as repositories list it; absent for what was merged into one. */
    sha1: z.string().optional(),
    /** The archive within the file: `BOOT-INF/lib/a.jar`, each nested one behind a colon; empty for the file itself. */
    inside: z.string(),
    /** Position of the archive in the list that this is in. */
    parent: z.int().nonnegative().optional(),
  }),
);
const contentSchema = once(() =>
  z.object({
    artifacts: z.array(artifactSchema()),
    gaps: z.array(z.object({ reason: z.enum(['limit', 'unreadable']), code: z.string(), message: z.string() })),
  }),
);
export type JavaArtifact = z.infer<ReturnType<typeof artifactSchema>>;
type JavaArchive = z.infer<ReturnType<typeof contentSchema>>;

const EXTENSIONS = ['jar', 'war', 'ear', 'par', 'sar', 'nar', 'jpi', 'hpi', 'kar', 'far', 'lpkg', 'rar', 'zap'];
const NESTED = new RegExp(`\\.(?:${EXTENSIONS.join('|')})$`, 'i');
const MANIFEST = /^\/?META-INF\/MANIFEST\.MF$/i;

const MAX_BYTES = 192 * 1024 ** 2;
const MAX_DEPTH = 8;
/** For the file with all archives in it. */
const MAX_ENTRIES = 500_000;
const MAX_ARCHIVES = 5_000;
const MAX_UNPACKED = 384 * 1024 ** 2;
const MAX_ENTRY = 128 * 1024 ** 2;

/** Java archives and what is packed into them, at whatever depth: Spring Boot's, web and enterprise applications, plugins. */
export const javaArchiveFile: FileKind<JavaArchive> = {
  id: 'java-archive',
  version: 1,
  match: { extensions: EXTENSIONS },
  maxBytes: MAX_BYTES,
  importance: 'file',
  bulky: true,
  parse: (content, path) => {
    // Other things have these extensions, too: RAR archives, for one.
    if (!looksLikeZip(content)) return undefined;
    const reading = new ArchiveReading();
    reading.read(content, { name: path, inside: '', depth: 0, parent: undefined });
    const { artifacts, gaps } = reading;
    return artifacts.length > 0 || gaps.length > 0 ? { artifacts, gaps } : undefined;
  },
  gapsOf: ({ gaps }) => gaps,
  schema: contentSchema,
};

/** Executable archives may begin with a script; the end tells. */
function looksLikeZip(content: Buffer): boolean {
  const start = content.length >= 4 && content.readUInt16BE(0) === 0x504b;
  return start || (content.length > 22 && endOf(content) >= 0);
}

const END = Buffer.from([0x50, 0x4b, 5, 6]);

const endOf = (content: Buffer): number => {
  const lowest = Math.max(0, content.length - 22 - 0xffff);
  const at = content.subarray(lowest).lastIndexOf(END);
  return at < 0 ? -1 : lowest + at;
};

const DIRECTORY = 0x504b0102;

/** Offsets in an archive with a script before it often count from where the archive proper begins. */
function withoutPrefix(content: Buffer): Buffer {
  const end = endOf(content);
  if (end < 0 || end + 22 > content.length) return content;
  const offset = content.readUInt32LE(end + 16);
  const isDirectory = (at: number): boolean => at + 4 <= content.length && content.readUInt32BE(at) === DIRECTORY;
  const start = end - content.readUInt32LE(end + 12) - offset;
  return start > 0 && !isDirectory(offset) && isDirectory(start + offset) ? content.subarray(start) : content;
}

interface Place {
  /** Of the file, which tells name and version. */
  readonly name: string;
  readonly inside: string;
  readonly depth: number;
  readonly parent: number | undefined;
}

/** What an archive says of itself, its nested ones apart. */
interface Found {
  manifest: Manifest | undefined;
  readonly poms: { readonly directory: string; readonly coordinates: MavenCoordinates }[];
  readonly pomXmls: Set<string>;
}

class ArchiveReading {
  readonly artifacts: JavaArtifact[] = [];
  readonly gaps: ContentGap[] = [];
  #entries = MAX_ENTRIES;
  #archives = MAX_ARCHIVES;
  #unpacked = MAX_UNPACKED;

  read(content: Buffer, place: Place): void {
    this.#archives--;
    if (this.#archives < 0 || place.depth > MAX_DEPTH) {
      this.#limit(this.#archives < 0 ? 'java-archives' : 'java-archive-depth', place);
      return;
    }
    const archive = withoutPrefix(content);
    const own = this.#identify(content, place, this.#factsOf(archive, place));
    // In a second pass, so that one nested archive at a time is held unpacked.
    this.#entriesOf(
      archive,
      place,
      (name) => NESTED.test(name),
      (name, nested) => {
        const inside = place.inside === '' ? name : `${place.inside}:${name}`;
        this.read(nested, { name, inside, depth: place.depth + 1, parent: own ?? place.parent });
      },
    );
  }

  #factsOf(archive: Buffer, place: Place): Found {
    const found: Found = { manifest: undefined, poms: [], pomXmls: new Set() };
    const isWanted = (name: string): boolean => {
      if (/(?:^|\/)pom\.xml$/.test(name)) found.pomXmls.add(directoryOf(name));
      return MANIFEST.test(name) || name.endsWith('pom.properties');
    };
    this.#entriesOf(archive, place, isWanted, (name, content) => {
      const text = content.toString('utf8');
      if (MANIFEST.test(name)) found.manifest ??= parseManifest(text);
      else {
        const coordinates = parsePomProperties(text);
        if (coordinates) found.poms.push({ directory: directoryOf(name), coordinates });
      }
    });
    return found;
  }

  /** What was read until something was wrong counts; that it is not all is a gap. */
  #entriesOf(
    archive: Buffer,
    place: Place,
    isWanted: (name: string) => boolean,
    visit: (name: string, content: Buffer) => void,
  ): void {
    const limits = { entries: Math.max(0, this.#entries), entryBytes: MAX_ENTRY, totalBytes: this.#unpacked };
    const counted = (name: string): boolean => {
      this.#entries--;
      return isWanted(name);
    };
    try {
      for (const { name, content } of readZip(archive, limits, counted)) {
        this.#unpacked -= content.length;
        visit(name, Buffer.from(content.buffer, content.byteOffset, content.length));
      }
    } catch (error) {
      if (error instanceof LimitExceededError) this.#limit(error.limit, place);
      else if (isLadingError(error)) this.#gap('unreadable', 'java-archive-unreadable', place, error.message);
      else throw error;
    }
  }

  /** Returns the position of the archive's own artifact. */
  #identify(content: Buffer, { name, inside, parent }: Place, found: Found): number | undefined {
    const poms = found.poms
      .sort((a, b) => (a.directory < b.directory ? -1 : a.directory > b.directory ? 1 : 0))
      .map(({ directory, coordinates }) => ({ coordinates, hasPomXml: found.pomXmls.has(directory) }));
    const { main, merged, licenses } = identifyArchive({
      name: parseArchiveName(name),
      manifest: found.manifest,
      poms,
    });
    const up = parent === undefined ? {} : { parent };
    let self: number | undefined;
    if (main) {
      const sha1 = createHash('sha1').update(content).digest('hex');
      self = this.artifacts.push({ ...main, licenses: [...licenses], sha1, inside, ...up }) - 1;
    }
    const below = self === undefined ? up : { parent: self };
    for (const one of merged) {
      this.artifacts.push({ ...one, group: mavenGroup(one), licenses: [], inside, ...below });
    }
    return self;
  }

  #limit(limit: string, place: Place): void {
    this.#gap('limit', limit, place, `it is over a cap (${limit})`);
  }

  #gap(reason: ContentGap['reason'], code: string, { name, inside }: Place, why: string): void {
    const message = `${inside || name} was not read whole: ${why}`;
    const known = this.gaps.some((gap) => gap.message === message);
    if (!known && this.gaps.length < 20) this.gaps.push({ reason, code, message });
  }
}

const directoryOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')));
