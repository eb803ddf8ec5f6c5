import { describe, expect, it } from 'vitest';
import { memoryInventoryStore } from '../../../../lib/sbom/adapters/memory.ts';
import { findDistro } from '../../../../lib/sbom/catalogers/distro/find-distro.ts';
import { inventoryImage } from '../../../../lib/sbom/index.ts';
import type { TarEntryInput } from '../../../support/tar-writer.ts';
import { buildImage, osRelease, sourceOf } from '../image-builder.ts';

async function distroOf(...layers: readonly (readonly TarEntryInput[])[]) {
  const image = buildImage(layers);
  const { files } = await inventoryImage(
    { layers: image.layers.map((layer) => layer.descriptor) },
    { source: sourceOf(image), inventories: memoryInventoryStore() },
  );
  return findDistro(files);
}

describe('the distribution', () => {
  it('is what etc/os-release says, before usr/lib/os-release', async () => {
    const vendor = { ...osRelease('debian', '11'), path: 'usr/lib/os-release' };
    expect(await distroOf([vendor])).toMatchObject({ id: 'debian', versionId: '11', path: 'usr/lib/os-release' });
    expect(await distroOf([vendor, osRelease('Ubuntu', '22.04')])).toMatchObject({ id: 'ubuntu', versionId: '22.04' });
  });

  it('is found through links, and never outside the image', async () => {
    const file = { ...osRelease('nixos', '24.05'), path: 'nix/store/abc-etc/os-release' };
    const link: TarEntryInput = { path: 'etc/os-release', type: 'symlink', linkname: '/etc/static/os-release' };
    const directory: TarEntryInput = { path: 'etc/static', type: 'symlink', linkname: '../../nix/store/abc-etc' };
    expect(await distroOf([file, directory, link])).toMatchObject({
      id: 'nixos',
      path: 'nix/store/abc-etc/os-release',
    });
    const outside: TarEntryInput = {
      path: 'usr/lib/os-release',
      type: 'symlink',
      linkname: '../../../../../etc/os-release',
    };
    expect(await distroOf([outside])).toBeUndefined();
  });

  it('of Debian has its point release', async () => {
    const version = (content: string): TarEntryInput => ({ path: 'etc/debian_version', content });
    expect(await distroOf([osRelease('debian', '12'), version('12.15\n')])).toMatchObject({ pointRelease: '12.15' });
    expect((await distroOf([osRelease('debian', '13'), version('trixie/sid\n')]))?.pointRelease).toBeUndefined();
    expect((await distroOf([osRelease('ubuntu', '24.04'), version('12.1\n')]))?.pointRelease).toBeUndefined();
  });

  it('has a last day of support: its own word before what is known of the release', async () => {
    const file = (text: string): TarEntryInput => ({ path: 'etc/os-release', content: text });
    const endOf = async (text: string) => (await distroOf([file(text)]))?.supportEnd;
    expect(await endOf('ID=alpine\nVERSION_ID=3.18.9\n')).toBe('2025-05-09');
    expect(await endOf('ID=debian\nVERSION_ID="12"\n')).toBe('2028-06-30');
    expect(await endOf('ID=fedora\nVERSION_ID=40\nSUPPORT_END=2025-05-13\n')).toBe('2025-05-13');
    expect(await endOf('ID=debian\nVERSION_ID="12"\nSUPPORT_END=2040-01-01\n')).toBe('2040-01-01');
    expect(await endOf('ID=arch\n')).toBeUndefined();
  });

  it('is unknown where nothing names one', async () => {
    expect(await distroOf([{ path: 'etc/os-release', content: 'NAME=Nameless' }])).toBeUndefined();
    expect(await distroOf()).toBeUndefined();
  });
});
