import { z } from 'zod';
import { once } from '../../../core/once.ts';
import type { FileKind, PathMatch } from '../cataloger.ts';
import { scanHead, stemOf } from '../head-scan.ts';

const schema = once(() =>
  z.object({
    name: z.string(),
    version: z.string(),
    licenses: z.array(z.string()),
    /** What the header says of the model, by short names: `format`, `architecture`, `parameters`. */
    about: z.record(z.string(), z.string()),
  }),
);
export type ModelRecord = z.infer<ReturnType<typeof schema>>;

/** As a reader of a format found it; what is missing or no text is left out. */
export interface ModelHead {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
  readonly license?: string | undefined;
  readonly about: readonly (readonly [key: string, value: string | number | undefined])[];
}

const MAX_TEXT = 512;
/** Files up to here are read whole; of larger ones the reader of the format gets as much as it asked for. */
const WHOLE_BYTES = 64 * 1024;

/**
 * The kind of a format of AI models. Only the header is read, whatever the size: weights are gigabytes, and nothing in
 * them (pickled code least of all) is ever run.
 */
export function modelFile(
  id: string,
  match: PathMatch,
  headBytes: number,
  read: (head: Buffer) => ModelHead | undefined,
): FileKind<ModelRecord> {
  const parse = (head: Buffer, path: string): ModelRecord | undefined => {
    const found = read(head);
    if (!found) return undefined;
    const about = found.about.flatMap(([key, value]) => {
      const text = clean(value === undefined ? undefined : String(value));
      return text ? [[key, text] as const] : [];
    });
    const license = clean(found.license);
    return {
      name: clean(found.name) ?? nameFrom(path),
      version: clean(found.version) ?? '',
      licenses: license ? [license] : [],
      about: Object.fromEntries(about),
    };
  };
  return {
    id: `model-${id}`,
    version: 1,
    match,
    maxBytes: WHOLE_BYTES,
    importance: 'file',
    bulky: true,
    parse,
    scan: (path) => scanHead(headBytes, (head) => parse(head, path)),
    schema,
  };
}

const EVERY_MODEL = /^(?:model|pytorch_model|tf_model|saved_model|weights|consolidated|adapter_model|ggml-model)\b/;

/** The name of the file, without the number of a part; of the folder where every model's file is called so. */
function nameFrom(path: string): string {
  const stem = stemOf(path).replace(/-\d{5}-of-\d{5}$/, '');
  const folder = path.split('/').at(-2);
  return folder && EVERY_MODEL.test(stem) ? folder : stem;
}

const clean = (text: string | undefined): string | undefined => {
  const bare = text?.replace(/\p{C}/gu, ' ').trim().slice(0, MAX_TEXT);
  return bare ? bare : undefined;
};
