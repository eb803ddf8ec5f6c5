import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LadingError } from '../../../../lib/core/errors.ts';
import {
  encodeKeyBundle,
  parseSigstoreBundle,
  SIGSTORE_BUNDLE_V03,
} from '../../../../lib/formats/sigstore-bundle/index.ts';

const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const dsseEnvelope = { payloadType: 't', payload: 'e30=', signatures: [{ sig: 'AAAA' }] };
const bundle = { mediaType: SIGSTORE_BUNDLE_V03, verificationMaterial: { publicKey: { hint: 'h' } }, dsseEnvelope };

describe('Sigstore bundles', () => {
  it('reads back what it writes', () => {
    const envelope = { payloadType: 't', payload: new Uint8Array([1]), signatures: [{ sig: new Uint8Array([2]) }] };
    const written = encodeKeyBundle({ hint: 'h', envelope });
    expect(parseSigstoreBundle(written)).toEqual({
      mediaType: SIGSTORE_BUNDLE_V03,
      material: { kind: 'public-key', hint: 'h' },
      content: { kind: 'dsse', envelope },
      timestamps: [],
    });
    expect(encodeKeyBundle({ hint: 'h', envelope })).toEqual(written);
  });

  it('takes what it does not know, and older versions', () => {
    const old = { ...bundle, mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.2', extra: [1] };
    expect(parseSigstoreBundle(bytes(old)).material).toEqual({ kind: 'public-key', hint: 'h' });
    expect(
      parseSigstoreBundle(bytes({ ...bundle, verificationMaterial: { publicKey: {}, tlogEntries: [{}] } })).material,
    ).toEqual({
      kind: 'public-key',
      hint: '',
    });
  });

  it('tells the kinds apart', () => {
    const keyless = { ...bundle, verificationMaterial: { certificate: { rawBytes: 'AA==' } } };
    expect(parseSigstoreBundle(bytes(keyless)).material).toEqual({
      kind: 'certificate',
      certificates: [new Uint8Array([0])],
    });
    const message = { ...bundle, dsseEnvelope: undefined, messageSignature: { signature: 'AA==' } };
    expect(parseSigstoreBundle(bytes(message)).content).toEqual({ kind: 'message-signature' });
  });

  it.each([
    ['another media type', { ...bundle, mediaType: 'application/vnd.dev.sigstore.bundle.v0.4+json' }],
    ['no material', { ...bundle, verificationMaterial: {} }],
    ['two materials', { ...bundle, verificationMaterial: { publicKey: { hint: 'h' }, certificate: {} } }],
    ['no content', { ...bundle, dsseEnvelope: undefined }],
    ['two contents', { ...bundle, messageSignature: {} }],
    [
      'two signatures',
      { ...bundle, dsseEnvelope: { ...dsseEnvelope, signatures: [{ sig: 'AAAA' }, { sig: 'AAAA' }] } },
    ],
    ['no bundle', null],
  ])('refuses %s', (_what, value) => {
    expect(() => parseSigstoreBundle(bytes(value))).toThrow(expect.objectContaining({ code: 'bundle-invalid' }));
  });

  it('throws nothing but its own error, whatever it is given', () => {
    const near = fc
      .tuple(fc.constantFrom(...Object.keys(bundle)), fc.jsonValue())
      .map(([key, value]) => bytes({ ...bundle, [key]: value }));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), near), (given) => {
        try {
          parseSigstoreBundle(given);
        } catch (error) {
          expect(error).toBeInstanceOf(LadingError);
        }
      }),
    );
  });
});
