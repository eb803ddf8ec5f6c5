import type { Cataloger } from '../cataloger.ts';
import { onePerFile } from '../one-per-file.ts';
import { cratesOf } from '../rust/cataloger.ts';
import { wasmFile } from './parse-wasm.ts';

/** WebAssembly modules and components, and the crates in those that Rust was compiled to. */
export const wasmCataloger: Cataloger = {
  name: 'wasm',
  kinds: [wasmFile],
  catalog: (files) => [
    ...onePerFile(files, wasmFile, ({ name, version, about }, where) => ({
      type: 'wasm',
      name,
      version,
      licenses: [],
      about,
      ...where,
    })),
    ...files.ofKind(wasmFile).flatMap((file) => {
      const where = { layer: file.layer, locations: [{ path: file.path, layer: file.layer }] };
      return cratesOf(file.content.crates ?? [], file.path, () => where);
    }),
  ],
};
