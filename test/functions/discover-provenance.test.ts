import { describe, expect, it } from 'vitest';
import { attestImage } from '../../functions/attest-image/function.ts';
import { discoverProvenance } from '../../functions/discover-provenance/function.ts';
import { compilePattern } from '../../lib/events/pattern.ts';

const matcherOf = ({ trigger }: typeof discoverProvenance) => {
  if (trigger.kind !== 'events') throw new Error('it is not triggered by events');
  const compiled = compilePattern(trigger.pattern);
  return (event: object) => compiled.matches(event);
};
const cataloged = (data: object) => ({
  source: 'lading.inventory',
  'detail-type': 'Image Cataloged',
  detail: { data: { artifactClass: 'image', subject: { tags: [] }, ...data } },
});

describe('what is looked through for provenance', () => {
  const matches = matcherOf(discoverProvenance);
  const attestation = { artifactClass: 'attestation', predicateType: 'https://slsa.dev/provenance/v1' };
  it.each([
    [true, { artifactClass: 'index' }],
    [true, attestation],
    [true, { ...attestation, predicateType: 'https://slsa.dev/provenance/v0.2' }],
    [true, { subject: { tags: [`sha256-${'a'.repeat(64)}.att`] } }],
    [false, {}],
    [false, { ...attestation, predicateType: 'https://cyclonedx.org/bom' }],
    [false, { ...attestation, replicaOf: 'r.example' }],
    [false, { artifactClass: 'index', replicaOf: 'r.example' }],
  ])('%s: %j', (expected, data) => {
    expect(matches(cataloged(data))).toBe(expected);
  });

  it.each([
    [true, { actor: 'robot$ci' }],
    [false, {}],
  ])('a push by %s of %j', (expected, data) => {
    const pushed = { source: 'lading.intake', 'detail-type': 'Image Pushed', detail: { data } };
    expect(matches(pushed)).toBe(expected);
  });

  it('leads to no statement of ours where a stranger signed it', () => {
    const attests = matcherOf(attestImage);
    const recorded = (data: object) =>
      attests({ source: 'lading.provenance', 'detail-type': 'Provenance Recorded', detail: { data } });
    expect(recorded({ authenticity: 'untrusted' })).toBe(false);
    expect(recorded({ authenticity: 'signed' })).toBe(true);
    expect(recorded({})).toBe(true);
    expect(attests({ source: 'lading.signing', 'detail-type': 'Image Signed', detail: { data: {} } })).toBe(true);
  });
});
