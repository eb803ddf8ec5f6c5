import { LadingError } from '../../core/errors.ts';
import { parseSbomForm, type SbomForm } from '../../sbom/index.ts';

/** One thing that is asked for: a form, and where it goes; standard output where no file is named. */
export interface SbomOutput {
  readonly form: SbomForm | 'table';
  readonly file?: string;
}

/** Stands in a file's name for the platform, where an index is written as one file for each of its images. */
export const PLATFORM_MARK = '{platform}';

/**
 * Reads `FORM[@VERSION][=FILE]`, as often as it is given.
 *
 * @throws LadingError `form-invalid`, `options-conflict` where two would go to standard output
 */
export function parseOutputs(texts: readonly string[]): readonly SbomOutput[] {
  const outputs = texts.map((text): SbomOutput => {
    const equals = text.indexOf('=');
    const name = equals < 0 ? text : text.slice(0, equals);
    const file = equals < 0 ? undefined : text.slice(equals + 1);
    if (file === '') throw new LadingError('form-invalid', `"${text.slice(0, 80)}" names no file`);
    return { form: name === 'table' ? 'table' : parseSbomForm(name), ...(file === undefined ? {} : { file }) };
  });
  if (outputs.filter(({ file }) => file === undefined).length > 1) {
    throw new LadingError('options-conflict', 'two forms would go to standard output', {
      hint: 'name files: -o cyclonedx-json=a.cdx.json -o spdx-json=a.spdx.json',
    });
  }
  return outputs;
}
