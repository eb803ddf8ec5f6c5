import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../../lib/core/digest.ts';
import { isLadingError } from '../../../../lib/core/errors.ts';
import { parseImageConfig } from '../../../../lib/formats/oci/index.ts';

const bytes = (value: unknown): Uint8Array => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));

describe('an image configuration', () => {
  it('is read with layers, history and what is run', () => {
    const diffId = digestOf('layer');
    const parsed = parseImageConfig(
      bytes({
        os: 'linux',
        architecture: 'arm64',
        variant: 'v8',
        created: '2026-01-01T00:00:00Z',
        config: {
          User: '65532',
          Env: ['A=b'],
          Entrypoint: ['/app'],
          Cmd: null,
          Labels: { __proto: 'x' },
          ExposedPorts: { '80/tcp': {} },
        },
        rootfs: { type: 'layers', diff_ids: [diffId] },
        history: [
          { created_by: 'COPY app', empty_layer: false },
          { created_by: 'USER 65532', empty_layer: true },
        ],
      }),
    );
    expect(parsed).toMatchObject({
      os: 'linux',
      architecture: 'arm64',
      variant: 'v8',
      user: '65532',
      env: ['A=b'],
      entrypoint: ['/app'],
      cmd: [],
      exposedPorts: ['80/tcp'],
      diffIds: [diffId],
      history: [
        { createdBy: 'COPY app', emptyLayer: false },
        { createdBy: 'USER 65532', emptyLayer: true },
      ],
    });
  });

  it('of an artifact or a bare image has nothing to tell', () => {
    expect(parseImageConfig(bytes('{}'))).toMatchObject({ os: '', env: [], diffIds: [], history: [], labels: {} });
    expect(parseImageConfig(bytes({ config: null, rootfs: null, history: null })).diffIds).toEqual([]);
  });

  it('fails only by LadingErrors', () => {
    const field = fc.constantFrom('os', 'config', 'rootfs', 'history', 'created', 'architecture');
    const some = fc.tuple(field, fc.jsonValue({ maxDepth: 3 })).map(([key, value]) => JSON.stringify({ [key]: value }));
    fc.assert(
      fc.property(fc.oneof(fc.json({ maxDepth: 3 }), some, fc.string({ maxLength: 40 })), (text) => {
        try {
          parseImageConfig(bytes(text));
        } catch (error) {
          expect(isLadingError(error, 'image-config-invalid')).toBe(true);
        }
      }),
    );
  });
});
