import { z } from 'zod';
import { describeError } from '../../core/errors.ts';
import { parseJsonStrict } from '../../core/json.ts';
import { AdvisorySourceError } from '../errors.ts';
import type { ChangedRow, ChangeListLayout } from './change-list-source.ts';
import { instantOf } from './change-list-source.ts';

const osvHead = z.object({ id: z.string(), modified: z.string().optional() });
const csafHead = z.object({ document: z.object({ tracking: z.object({ id: z.string() }) }) });

const OSV_ROW = /^([^,\s]{10,40}),([A-Za-z0-9][\w.:+-]{0,150})$/;

/**
 * The bucket of OSV, of one ecosystem: `all.zip`, `modified_id.csv` (time and id, the newest first) and `ID.json`
 * (google.github.io/osv.dev/data, "Downloading recent changes").
 */
export function osvBucket(archive: string): ChangeListLayout {
  const folder = archive.slice(0, archive.lastIndexOf('/') + 1);
  return {
    list: `${folder}modified_id.csv`,
    row(line): ChangedRow {
      const [, time, id] = OSV_ROW.exec(line) ?? [];
      if (time === undefined || id === undefined) throw oddRow(line);
      return { path: `${id}.json`, record: id, modified: instantOf(time) };
    },
    recordUrl: ({ record }) => `${folder}${encodeURIComponent(record)}.json`,
    inspect(content, { record }) {
      const { id = 'without an id', modified } = osvHead.safeParse(jsonOf(content, record)).data ?? {};
      if (id !== record) throw new AdvisorySourceError('broken', `${record}.json is the record ${id.slice(0, 100)}`);
      return modified === undefined ? undefined : { modified: instantOf(modified) };
    },
    archive: async () => ({ url: archive }),
  };
}

const CSAF_ROW = /^"((?:[\w+-]{1,60}\/){0,3}([\w+.-]{1,150})\.json)","([^"]{10,40})"$/;
const ARCHIVE_NAME = /^[\w-][\w.-]{0,100}\.tar(?:\.(?:zst|gz|bz2))?$/;

/**
 * The folder of a CSAF 2.0 provider: `changes.csv` (requirement 13: path and time, the newest first), a hash beside each
 * document (requirement 18), and what Red Hat adds to it: `deletions.csv` in the same form, and `archive_latest.txt`
 * with the name of an archive. `archive`: where that lies, for a provider that names it nowhere.
 */
export function csafFolder(
  folder: string,
  options: { readonly archive?: string; readonly hash: string },
): ChangeListLayout {
  const checksumOf = (url: string) => ({ url: `${url}.${options.hash}`, of: 'file' as const });
  return {
    list: `${folder}changes.csv`,
    deletions: `${folder}deletions.csv`,
    row(line): ChangedRow | undefined {
      const [, path, name, time] = CSAF_ROW.exec(line) ?? [];
      if (path === undefined || name === undefined || time === undefined) throw oddRow(line);
      return { path, record: name.toLowerCase(), modified: instantOf(time) };
    },
    recordUrl: ({ path }) => `${folder}${path}`,
    recordKey: csafFileName,
    checksumOf,
    inspect(content, { record }) {
      const id = csafHead.safeParse(jsonOf(content, record)).data?.document.tracking.id ?? 'without an id';
      if (csafFileName(id) === record) return undefined;
      throw new AdvisorySourceError('broken', `${record}.json is the document ${id.slice(0, 100)}`);
    },
    async archive(client) {
      if (options.archive !== undefined) return { url: options.archive };
      const from = `${folder}archive_latest.txt`;
      const name = Buffer.from(await client.file(from, 4096))
        .toString('utf8')
        .trim();
      if (!ARCHIVE_NAME.test(name)) throw new AdvisorySourceError('broken', `${from} names no archive`);
      const url = folder + name;
      return { url, checksum: checksumOf(url) };
    },
  };
}

/** CSAF 2.0, section 5.1: the file's name is made of the document's id. */
const csafFileName = (id: string): string => id.toLowerCase().replace(/[^+\-a-z0-9]+/g, '_');

function jsonOf(content: Uint8Array, record: string): unknown {
  try {
    return parseJsonStrict(content, { what: `${record}.json`, maxBytes: content.length });
  } catch (cause) {
    throw new AdvisorySourceError('broken', describeError(cause), cause);
  }
}

const oddRow = (line: string): AdvisorySourceError =>
  new AdvisorySourceError('broken', `a list of changes has the line ${JSON.stringify(line.slice(0, 100))}`);
