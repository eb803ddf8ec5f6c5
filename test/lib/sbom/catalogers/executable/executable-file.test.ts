import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { ExecutableContent } from '../../../../../lib/sbom/catalogers/executable/executable-content.ts';
import { executableFile } from '../../../../../lib/sbom/catalogers/executable/executable-file.ts';
import { createExecutableScan } from '../../../../../lib/sbom/catalogers/executable/scan-executable.ts';
import { defaultLayerLimits } from '../../../../../lib/sbom/layers/limits.ts';
import { readLayer } from '../../../../../lib/sbom/layers/read-layer.ts';
import { writeElf } from '../../../formats/executable/write-executable.ts';
import { inlineBuildInfo, pointerProgram } from '../../../formats/go-buildinfo/write-build-info.ts';
import { buildLayer } from '../../image-builder.ts';

const MODULES = 'path\te.org/t\nmod\te.org/t\tv1.0.0\n';
const GO = inlineBuildInfo('go1.21.0', MODULES);
const MIB = 1024 ** 2;

/** Feeds a program piece by piece, as a layer does. */
function scan(path: string, program: Buffer): ExecutableContent | undefined {
  const scanning = createExecutableScan(path);
  for (let at = 0; at < program.length; at += 65_521) scanning.write(program.subarray(at, at + 65_521));
  return scanning.end();
}

function largeProgram(at: number, content: Buffer): Buffer {
  const bytes = Buffer.alloc(20 * MIB);
  bytes.write('\x7fELF', 'latin1');
  content.copy(bytes, at);
  return bytes;
}

describe('executables that are too large to hold', () => {
  // The windows are of 8 MiB and overlap by 2.
  it.each([4096, 8 * MIB - 64, 8 * MIB, 20 * MIB - 4096])('have their modules and versions found at %i', (at) => {
    expect(scan('opt/t', largeProgram(at, GO))).toEqual({
      go: [{ goVersion: 'go1.21.0', main: { path: 'e.org/t', version: 'v1.0.0' }, deps: [] }],
    });
    expect(scan('opt/node', largeProgram(at, Buffer.from('node.js/v22.9.0')))).toEqual({
      binary: [{ purl: 'pkg:generic/node', version: '22.9.0' }],
    });
  });

  it('leave a gap where there is something that cannot be read so', () => {
    const crates = largeProgram(9 * MIB, Buffer.from('\0.dep-v0\0', 'latin1'));
    expect(scan('a', crates)?.gaps).toMatchObject([{ reason: 'limit', code: 'cargo-auditable-bytes' }]);
    const old = largeProgram(4096, pointerProgram('go1.16', MODULES));
    expect(scan('a', old)?.gaps).toMatchObject([{ reason: 'limit', code: 'go-build-info-bytes' }]);
    expect(scan('a', largeProgram(4096, Buffer.from('nothing')))).toBeUndefined();
  });

  it("are taken in their turn by the layer reader, and the gap is the layer's", async () => {
    const kind = { ...executableFile, maxBytes: 1024 };
    const layer = buildLayer([
      { path: 'bin/go-tool', content: writeElf([{ name: '.go.buildinfo', content: GO, writable: true }]) },
      { path: 'bin/rust-tool', content: writeElf([{ name: '.dep-v0', content: deflateSync('{}') }]) },
      { path: 'bin/node', content: `#!/bin/sh\n${' '.repeat(2000)}` },
    ]);
    const expected = { digest: layer.descriptor.digest, size: layer.descriptor.size };
    const open = async function* () {
      yield layer.blob;
    };
    const reading = await readLayer(expected, open, { kinds: [kind], limits: defaultLayerLimits });
    if (reading.status !== 'read') throw new Error(reading.status);
    expect(reading.inventory.contents.map(({ content }) => Object.keys(content as object))).toEqual([
      ['go'],
      ['gaps'],
      [],
    ]);
    expect(reading.inventory.gaps).toMatchObject([{ code: 'cargo-auditable-bytes', path: 'bin/rust-tool' }]);
  });
});
