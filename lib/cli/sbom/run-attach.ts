import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { z } from 'zod';
import { LadingError, LimitExceededError } from '../../core/errors.ts';
import { plural } from '../../core/format-units.ts';
import { externalSbomSchema } from '../../external-sboms/index.ts';
import { readSbom } from '../../sbom/index.ts';
import { callApi } from '../api-client.ts';
import { inEvents } from '../commands/images.ts';
import { connect, fromCaller } from '../connection.ts';
import { defuse, printJson, say } from '../output.ts';

const MAX_BYTES = 64 * 1024 * 1024;
const answerSchema = z.object({ sbom: externalSbomSchema });

/**
 * Gives a stack an SBOM that another tool made of an image. It is read here first, so that what is none is told at once.
 *
 * @throws LadingError those of `readSbom` and of the API; `source-invalid`
 */
export async function runAttach(
  ref: string,
  file: string,
  options: {
    readonly tool?: string | undefined;
    readonly output: 'table' | 'json';
    readonly api?: string | undefined;
    readonly data?: string | undefined;
  },
): Promise<void> {
  const path = fromCaller(file);
  if (!existsSync(path) || !statSync(path).isFile()) {
    throw new LadingError('source-invalid', `there is no file ${file}`);
  }
  if (statSync(path).size > MAX_BYTES) throw new LimitExceededError('sbom-bytes', `${file} is over ${MAX_BYTES} bytes`);
  const content = await readFile(path);
  readSbom(content);
  const connection = connect(options);
  const query = new URLSearchParams({ ref: inEvents(ref, connection.local) });
  if (options.tool !== undefined) query.set('tool', options.tool);
  const raw = { type: 'application/gzip', content: await promisify(gzip)(content) };
  const answer = await callApi(connection, `/api/sboms?${query}`, { method: 'POST', raw });
  const parsed = answerSchema.safeParse(await answer.json());
  if (!parsed.success) {
    throw new LadingError('api-answer-invalid', 'command line and stack are of different versions');
  }
  if (options.output === 'json') return printJson(parsed.data.sbom);
  const { packages, tool, format } = parsed.data.sbom;
  const maker = tool ? ` by ${defuse([tool.name, tool.version].filter(Boolean).join(' '))}` : '';
  say(`kept: ${plural(packages, 'package')} in ${format}${maker}; what it says differently will be told as an event`);
}
