import { type ModelHead, modelFile } from './model-file.ts';
import { type Field, readFields, textOf } from './protobuf.ts';

const HEAD_BYTES = 1024 * 1024;
const GRAPH = 7;

/** ONNX (`onnx.proto`, ModelProto): who made the model stands before the graph, which is all the rest. */
function readOnnx(head: Buffer): ModelHead | undefined {
  const fields = new Map<number, Field['value']>();
  for (const { number, value } of readFields(head)) {
    if (number === 0 || number > 100) return undefined;
    if (!fields.has(number)) fields.set(number, value);
    if (number === GRAPH && Buffer.isBuffer(value)) break;
  }
  const irVersion = fields.get(1);
  // The version of the format comes first in every model, and there are not many yet.
  if (typeof irVersion !== 'number' || irVersion < 1 || irVersion > 1000 || !fields.has(GRAPH)) return undefined;
  const version = fields.get(5);
  return {
    version: typeof version === 'number' && version > 0 ? String(version) : undefined,
    about: [
      ['format', `onnx ${irVersion}`],
      ['producer', [textOf(fields.get(2)), textOf(fields.get(3))].filter(Boolean).join(' ')],
      ['domain', textOf(fields.get(4))],
    ],
  };
}

export const onnxFile = modelFile('onnx', { extensions: ['onnx'] }, HEAD_BYTES, readOnnx);
