import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fileKinds } from '../../../../lib/sbom/catalogers/index.ts';
import { toCycloneDx } from '../../../../lib/sbom/to-cyclonedx.ts';
import {
  gguf,
  kernel,
  module,
  onnx,
  safetensors,
  savedModel,
  short,
  spl,
  u32,
  wasm,
  zipEntry,
} from '../samples/binary-headers.ts';
import { packagesOf, sbomOf } from './packages-of.ts';

describe('AI models', () => {
  it('are told by their headers, however large the weights', async () => {
    const found = await packagesOf([
      { path: 'models/tiny.gguf', content: gguf(300_000) },
      { path: 'models/m.safetensors', content: safetensors(500_000) },
      { path: 'models/net.onnx', content: onnx },
      { path: 'models/saved/saved_model.pb', content: savedModel },
      { path: 'models/pickled/pytorch_model.bin', content: zipEntry('archive/data.pkl') },
      { path: 'models/edge.tflite', content: Buffer.concat([u32(28), Buffer.from('TFL3'), Buffer.alloc(90)]) },
      { path: 'site-packages/distutils-precedence.pth', content: "import os; exec('x')" },
    ]);
    const told = Object.fromEntries(found.map(({ name, licenses, about }) => [name, { licenses, ...about }]));
    expect(found.every(({ type, purl }) => type === 'model' && purl === undefined)).toBe(true);
    expect(told).toEqual({
      Tiny: { licenses: ['Apache-2.0'], format: 'gguf 3', architecture: 'llama', tensors: '2', context: '2048' },
      m: {
        ...{ licenses: ['MIT'], format: 'safetensors', framework: 'pt' },
        ...{ tensors: '2', parameters: '205', types: 'F16 F32' },
      },
      net: { licenses: [], format: 'onnx 9', producer: 'pytorch 2.1' },
      pickled: { licenses: [], format: 'pytorch' },
      saved: { licenses: [], format: 'tensorflow saved model', producer: 'tensorflow 2.15.0', tags: 'serve' },
      edge: { licenses: [], format: 'tflite' },
    });
  });

  it('are components of their own kind in CycloneDX', async () => {
    const sbom = await sbomOf([{ path: 'tiny.gguf', content: gguf() }]);
    const document = JSON.parse(toCycloneDx(sbom, { timestamp: '2026-01-01T00:00:00Z' }));
    expect(document.components).toMatchObject([
      {
        type: 'machine-learning-model',
        name: 'Tiny',
        properties: expect.arrayContaining([{ name: 'lading:package:about:architecture', value: 'llama' }]),
      },
    ]);
  });
});

describe('WebAssembly', () => {
  it('tells its name, who made it, and the crates in it', async () => {
    const crates = {
      packages: [
        { name: 'serde', version: '1.0.1' },
        { name: 'cc', version: '1.0.0', kind: 'build' },
      ],
    };
    const content = wasm({
      name: Buffer.concat([Buffer.from([0, 4]), short('app')]),
      producers: Buffer.concat([Buffer.from([1]), short('language'), Buffer.from([1]), short('Rust'), short('')]),
      '.dep-v0': deflateSync(JSON.stringify(crates)),
    });
    expect(await packagesOf([{ path: 'srv/x.wasm', content }])).toMatchObject([
      { type: 'cargo', name: 'serde', version: '1.0.1' },
      { type: 'wasm', name: 'app', about: { format: 'wasm module', language: 'Rust' } },
    ]);
    const component = Buffer.concat([Buffer.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0])]);
    expect(await packagesOf([{ path: 'srv/c.wasm', content: component }])).toMatchObject([
      { name: 'c', about: { format: 'wasm component' } },
    ]);
  });
});

describe('the Linux kernel', () => {
  it('and its modules tell their versions, packed or not', async () => {
    const modules = 'lib/modules/5.15.0-1031/kernel';
    const found = await packagesOf([
      { path: 'boot/vmlinuz-5.15.0-1031', content: kernel('5.15.0-1031') },
      { path: 'boot/config-5.15.0-1031', content: kernel('9.9.9') },
      { path: `${modules}/zfs.ko.zst`, content: zstdCompressSync(module) },
      { path: `${modules}/spl.ko.gz`, content: gzipSync(spl) },
    ]);
    expect(found.map(({ type, purl }) => `${type} ${purl}`)).toEqual([
      'linux-kernel pkg:generic/linux-kernel@5.15.0-1031',
      'linux-kernel-module pkg:generic/spl',
      'linux-kernel-module pkg:generic/zfs@2.1.5',
    ]);
    expect(found[2]).toMatchObject({ dependencies: ['pkg:generic/spl'], licenses: ['GPL'] });
  });
});

describe('headers that were damaged or made up', () => {
  const kinds = fileKinds.filter(({ id }) => /^(?:model-|wasm|linux-kernel)/.test(id));
  const samples = [
    gguf(),
    safetensors(10),
    onnx,
    savedModel,
    zipEntry('a/data.pkl'),
    wasm({ name: short('x') }),
    module,
  ];

  it('end in a result, or in an error that says so, whole or as they stream by', () => {
    const damaged = fc
      .tuple(
        fc.constantFrom(...samples),
        fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 255 }))),
        fc.nat(400),
      )
      .map(([bytes, changes, cut]) => {
        const copy = Buffer.from(bytes);
        for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
        return copy.subarray(0, Math.max(0, copy.length - cut));
      });
    fc.assert(
      fc.property(fc.constantFrom(...kinds), damaged, (kind, content) => {
        const outcomes = [() => kind.parse(content, 'x.y'), () => scanned(kind, content)].map((read) => {
          try {
            return read();
          } catch (error) {
            return error instanceof Error ? undefined : error;
          }
        });
        for (const one of outcomes) if (one !== undefined) expect(kind.schema().safeParse(one).success).toBe(true);
      }),
      { numRuns: 600 },
    );
  });

  function scanned(kind: (typeof kinds)[number], content: Buffer): unknown {
    const scan = kind.scan?.('x.y');
    for (let at = 0; at < content.length; at += 7) scan?.write(content.subarray(at, at + 7));
    return scan?.end();
  }
});
