import { plural } from '../../core/format-units.ts';
import { readReport } from '../../scanners/index.ts';
import { inEvents } from '../commands/images.ts';
import { connect } from '../connection.ts';
import { say } from '../output.ts';
import { postJson } from '../post-json.ts';
import { reportAnswer } from '../security-shapes.ts';
import { readForeignFile } from './foreign-file.ts';

/** Reads the report here and sends what is of use of it: reports have megabytes of prose. */
export async function sendReport(
  ref: string,
  file: string,
  options: { readonly api?: string | undefined; readonly data?: string | undefined },
): Promise<void> {
  const report = readReport(await readForeignFile(file), file);
  const connection = connect(options);
  const path = `/api/reports?ref=${encodeURIComponent(inEvents(ref, connection.local))}`;
  const answer = await postJson(connection, path, report, reportAnswer);
  say(`${answer.voter}: ${plural(answer.findings, 'finding')} (${answer.outcome})`);
}
