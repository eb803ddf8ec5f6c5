import type { Cataloger } from '../cataloger.ts';
import { onePerFile } from '../one-per-file.ts';
import { ggufFile } from './parse-gguf.ts';
import { onnxFile } from './parse-onnx.ts';
import { pytorchFile } from './parse-pytorch.ts';
import { safetensorsFile } from './parse-safetensors.ts';
import { savedModelFile, tfliteFile } from './parse-tensorflow.ts';

const kinds = [ggufFile, safetensorsFile, onnxFile, savedModelFile, tfliteFile, pytorchFile];

/** AI models. They have no purl: nothing in a file of weights says where it was published. */
export const modelCataloger: Cataloger = {
  name: 'model',
  kinds,
  catalog: (files) =>
    kinds.flatMap((kind) =>
      onePerFile(files, kind, ({ name, version, licenses, about }, where) => ({
        type: 'model',
        name,
        version,
        licenses,
        about,
        ...where,
      })),
    ),
};
