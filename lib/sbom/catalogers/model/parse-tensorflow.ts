import { type ModelHead, modelFile } from './model-file.ts';
import { readFields, textOf } from './protobuf.ts';

const HEAD_BYTES = 4 * 1024 * 1024;

/** TensorFlow's `saved_model.proto`: graphs, and of each who wrote it (`meta_graph.proto`, MetaInfoDef). */
function readSavedModel(head: Buffer): ModelHead | undefined {
  let known = false;
  let tensorflow: string | undefined;
  const tags: string[] = [];
  for (const { number, value } of readFields(head)) {
    if (number === 1 && value === 1) known = true;
    if (number !== 2 || !Buffer.isBuffer(value)) continue;
    for (const part of readFields(value)) {
      if (part.number !== 1 || !Buffer.isBuffer(part.value)) break;
      for (const info of readFields(part.value)) {
        if (info.number === 4 && tags.length < 20) tags.push(textOf(info.value) ?? '');
        if (info.number === 5) tensorflow ??= textOf(info.value);
      }
    }
  }
  if (!known && tensorflow === undefined) return undefined;
  return {
    about: [
      ['format', 'tensorflow saved model'],
      ['producer', tensorflow && `tensorflow ${tensorflow}`],
      ['tags', tags.filter(Boolean).join(' ')],
    ],
  };
}

const TFLITE = Buffer.from('TFL3');

export const savedModelFile = modelFile('tensorflow', { names: ['saved_model.pb'] }, HEAD_BYTES, readSavedModel);

/** A FlatBuffer whose identifier stands behind the offset of its root. */
export const tfliteFile = modelFile(
  'tflite',
  { extensions: ['tflite'], begins: (head) => TFLITE.equals(head.subarray(4, 8)) },
  8,
  (head) => (TFLITE.equals(head.subarray(4, 8)) ? { about: [['format', 'tflite']] } : undefined),
);
