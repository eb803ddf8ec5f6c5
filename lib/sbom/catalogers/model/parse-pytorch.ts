import { type ModelHead, modelFile } from './model-file.ts';

const HEAD_BYTES = 4096;
const LOCAL_FILE = 0x04034b50;

/**
 * What `torch.save` writes: a ZIP archive whose first file is `<name>/data.pkl`. Only its name is read: a pickle is a
 * program, and reading it is running it.
 */
function readPytorch(head: Buffer): ModelHead | undefined {
  if (head.length < 30 || head.readUInt32LE(0) !== LOCAL_FILE) return undefined;
  const name = head.toString('utf8', 30, 30 + head.readUInt16LE(26));
  if (!/^[^/]+\/(?:data\.pkl|version|\.format_version|byteorder|constants\.pkl)$/.test(name)) return undefined;
  return { about: [['format', 'pytorch']] };
}

export const pytorchFile = modelFile(
  'pytorch',
  { extensions: ['pt', 'pth', 'ckpt'], names: ['pytorch_model.bin'] },
  HEAD_BYTES,
  readPytorch,
);
