import { type ModelHead, modelFile } from './model-file.ts';

/** The format allows 100 MB; of the largest models it is some megabytes. */
const MAX_HEADER = 16 * 1024 * 1024;

/**
 * Hugging Face's format ("safetensors: format"): the length of the header in eight bytes, then the header as JSON, with a
 * type and a shape for each tensor and free texts under `__metadata__`.
 */
function readSafetensors(head: Buffer): ModelHead | undefined {
  if (head.length < 10) return undefined;
  const length = Number(head.readBigUInt64LE(0));
  if (length > MAX_HEADER || length > head.length - 8 || head[8] !== 0x7b) return undefined;
  const document: unknown = JSON.parse(head.toString('utf8', 8, 8 + length));
  if (!isObject(document)) return undefined;
  let parameters = 0;
  let tensors = 0;
  const types = new Set<string>();
  const texts = new Map<string, string>();
  for (const [key, value] of Object.entries(document)) {
    if (!isObject(value)) continue;
    if (key === '__metadata__') {
      for (const [name, text] of Object.entries(value)) if (typeof text === 'string') texts.set(name, text);
      continue;
    }
    tensors++;
    parameters += elements(value.shape);
    if (typeof value.dtype === 'string' && types.size < 20) types.add(value.dtype);
  }
  return {
    name: texts.get('modelspec.title') ?? texts.get('name'),
    version: texts.get('version'),
    license: texts.get('modelspec.license') ?? texts.get('license'),
    about: [
      ['format', 'safetensors'],
      ['framework', texts.get('format')],
      ['architecture', texts.get('modelspec.architecture')],
      ['author', texts.get('modelspec.author')],
      ['tensors', tensors],
      ['parameters', Number.isSafeInteger(parameters) ? parameters : undefined],
      ['types', [...types].sort().join(' ')],
    ],
  };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function elements(shape: unknown): number {
  if (!Array.isArray(shape)) return 0;
  return shape.reduce((product: number, one) => (typeof one === 'number' && one >= 0 ? product * one : 0), 1);
}

export const safetensorsFile = modelFile(
  'safetensors',
  { extensions: ['safetensors'] },
  MAX_HEADER + 8,
  readSafetensors,
);
