import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../lib/core/digest.ts';
import { heldRoot } from '../../../lib/edge/held-root.ts';
import {
  type DesiredState,
  openDesiredState,
  openSiteReport,
  SITE_REPORT_TYPE,
  sealDesiredState,
  sealSiteReport,
} from '../../../lib/edge/index.ts';
import { preAuthEncoding } from '../../../lib/formats/dsse/index.ts';
import { parseVerificationKey } from '../../../lib/signing/index.ts';
import { makeKey, NOW, reportOf } from './edge-fixtures.ts';

const hub = makeKey();
const stranger = makeKey();
const keys = [parseVerificationKey(hub.pem)];
const state: DesiredState = {
  ...{ site: 'ship', generation: 3, createdAt: NOW, expiresAt: NOW, budgetBytes: 5, images: [] },
};

describe('signed documents', () => {
  it('say the same when they are opened', async () => {
    const envelope = await sealDesiredState(hub.signer, state);
    expect(openDesiredState(envelope, [parseVerificationKey(stranger.pem), ...keys])).toEqual(state);
    const report = reportOf('ship', []);
    expect(openSiteReport(await sealSiteReport(hub.signer, report), keys)).toEqual(report);
  });

  it('are refused under another key, of another type, changed, or without a signature that counts', async () => {
    const invalid = expect.objectContaining({ code: 'edge-signature-invalid' });
    const envelope = await sealDesiredState(hub.signer, state);
    expect(() => openDesiredState(envelope, [])).toThrow(invalid);
    expect(() => openDesiredState(envelope, [parseVerificationKey(stranger.pem)])).toThrow(invalid);
    expect(() => openSiteReport(envelope, keys)).toThrow(invalid);
    const parsed = JSON.parse(Buffer.from(envelope).toString());
    const changed = { ...parsed, payload: Buffer.from(JSON.stringify({ ...state, generation: 9 })).toString('base64') };
    expect(() => openDesiredState(Buffer.from(JSON.stringify(changed)), keys)).toThrow(invalid);
    // The signature of one type is none of the other, though the payload is the same.
    const renamed = { ...parsed, payloadType: SITE_REPORT_TYPE };
    expect(() => openSiteReport(Buffer.from(JSON.stringify(renamed)), keys)).toThrow(invalid);
    expect(() => openDesiredState(Buffer.from(JSON.stringify({ ...parsed, signatures: [] })), keys)).toThrow(invalid);
    for (const text of ['', '{}', '[]', 'null', '{"payload":1}', '\u0000']) {
      expect(() => openDesiredState(Buffer.from(text), keys)).toThrow(invalid);
    }
  });

  it('that are signed and no such document are told apart', async () => {
    const payload = Buffer.from('{"site":"ship"}');
    const sig = await hub.signer.sign(preAuthEncoding(SITE_REPORT_TYPE, payload));
    const envelope = {
      payloadType: SITE_REPORT_TYPE,
      payload: payload.toString('base64'),
      signatures: [{ sig: Buffer.from(sig).toString('base64') }],
    };
    const faulty = expect.objectContaining({ code: 'edge-document-invalid' });
    expect(() => openSiteReport(Buffer.from(JSON.stringify(envelope)), keys)).toThrow(faulty);
  });
});

describe('the root of what is held', () => {
  const image = { repository: 'app', digest: digestOf('app'), tags: ['1', '2'] };
  it('follows from images and tags, in any order, and from nothing else', () => {
    const other = { repository: 'b', digest: digestOf('b'), tags: [] };
    expect(heldRoot([image, other])).toBe(heldRoot([other, { ...image, tags: ['2', '1'] }]));
    expect(heldRoot([image])).not.toBe(heldRoot([{ ...image, tags: ['1'] }]));
    expect(heldRoot([image])).not.toBe(heldRoot([{ ...image, digest: other.digest }]));
    expect(heldRoot([image])).not.toBe(heldRoot([{ ...image, repository: 'app2' }]));
    expect(heldRoot([])).not.toBe(heldRoot([other]));
  });
});
