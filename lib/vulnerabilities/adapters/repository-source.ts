import { readXml } from '../../formats/xml/index.ts';
import { AdvisorySourceError } from '../errors.ts';
import type { AdvisorySource } from '../ports.ts';
import { type PublisherClient, type PublisherOptions, publisherClient } from './publisher-client.ts';

const MAX_INDEX_BYTES = 4 * 1024 * 1024;
const MAX_MIRRORS = 20;

/**
 * A repository of RPM packages: its `repodata/repomd.xml` names `updateinfo.xml` with its checksum, which also tells
 * whether anything is new. Where the address is that of a list of mirrors, the first one that answers is read.
 */
export function repositorySource(options: PublisherOptions): AdvisorySource {
  const { name, url, scope = 'complete' } = options;
  return {
    name,
    scope,
    async read(validator) {
      const client = publisherClient(options);
      const { location, checksum } = await indexOf(client, url);
      if (checksum === validator) return { kind: 'unchanged', fetchedBytes: client.fetched() };
      const bytes = await client.file(location);
      await client.verifyDigest(bytes, location, checksum);
      return {
        kind: 'files',
        validator: checksum,
        fetchedBytes: client.fetched(),
        files: (async function* () {
          yield { path: new URL(location).pathname, bytes };
        })(),
      };
    },
  };
}

interface Updateinfo {
  readonly location: string;
  /** Hexadecimal SHA-256 or SHA-512 of the file as sent. */
  readonly checksum: string;
}

async function indexOf(client: PublisherClient, url: string): Promise<Updateinfo> {
  if (!url.endsWith('mirror.list')) return readIndex(client, url);
  const text = Buffer.from(await client.file(url, MAX_INDEX_BYTES)).toString('utf8');
  const mirrors = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^https?:\/\//.test(line));
  let failure = new AdvisorySourceError('broken', `${url} lists no mirror`);
  for (const mirror of mirrors.slice(0, MAX_MIRRORS)) {
    try {
      // Lists from the time before https name the same host without it.
      return await readIndex(client, mirror.replace(/^http:/, 'https:'));
    } catch (error) {
      if (!(error instanceof AdvisorySourceError)) throw error;
      failure = error;
    }
  }
  throw failure;
}

/** rpm's metadata: `<data type="updateinfo"><checksum type="sha256">…</checksum><location href="repodata/…"/></data>`. */
async function readIndex(client: PublisherClient, base: string): Promise<Updateinfo> {
  const folder = base.endsWith('/') ? base : `${base}/`;
  const address = `${folder}repodata/repomd.xml`;
  const bytes = await client.file(address, MAX_INDEX_BYTES);
  let type = '';
  let kind = '';
  let checksum: string | undefined;
  let href: string | undefined;
  const chunks = (async function* () {
    yield Buffer.from(bytes).toString('utf8');
  })();
  try {
    await readXml(chunks, {
      open({ name, attributes }) {
        if (name === 'data') type = attributes.get('type') ?? '';
        else if (name === 'checksum') kind = attributes.get('type') ?? '';
        else if (name === 'location' && type === 'updateinfo') href = attributes.get('href');
      },
      close(name, text) {
        if (name === 'checksum' && type === 'updateinfo' && /^sha(?:256|512)$/.test(kind)) checksum = text.trim();
        if (name === 'data') type = '';
      },
    });
  } catch (cause) {
    throw new AdvisorySourceError('broken', `${address} is no XML`, cause);
  }
  if (!href || !checksum) throw new AdvisorySourceError('broken', `${address} names no updateinfo with a checksum`);
  const location = new URL(href, folder).href;
  if (!location.startsWith(folder)) throw new AdvisorySourceError('refused', `${address} leads out of its repository`);
  return { location, checksum: checksum.toLowerCase() };
}
