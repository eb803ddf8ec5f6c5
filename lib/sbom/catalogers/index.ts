import { alpmCataloger } from './alpm/cataloger.ts';
import { apkCataloger } from './apk/cataloger.ts';
import { binaryCataloger } from './binary/cataloger.ts';
import { bitnamiCataloger } from './bitnami/cataloger.ts';
import type { Cataloger, FileKind, FolderKind } from './cataloger.ts';
import { conanCataloger } from './conan/cataloger.ts';
import { condaCataloger } from './conda/cataloger.ts';
import { distroKinds } from './distro/find-distro.ts';
import { dotnetCataloger } from './dotnet/cataloger.ts';
import { dpkgCataloger } from './dpkg/cataloger.ts';
import { goCataloger } from './go/cataloger.ts';
import { homebrewCataloger } from './homebrew/cataloger.ts';
import { javaCataloger } from './java/cataloger.ts';
import { jvmCataloger } from './jvm/cataloger.ts';
import { kernelCataloger } from './kernel/cataloger.ts';
import { lockKinds } from './lockfiles/cataloger.ts';
import { luaCataloger } from './lua/cataloger.ts';
import { createKindMatcher } from './match-kind.ts';
import { modelCataloger } from './model/cataloger.ts';
import { nixCataloger } from './nix/cataloger.ts';
import { npmCataloger } from './npm/cataloger.ts';
import { opkgCataloger } from './opkg/cataloger.ts';
import { perlCataloger } from './perl/cataloger.ts';
import { phpCataloger } from './php/cataloger.ts';
import { portageCataloger } from './portage/cataloger.ts';
import { pythonCataloger } from './python/cataloger.ts';
import { rCataloger } from './r/cataloger.ts';
import { rpmCataloger } from './rpm/cataloger.ts';
import { rubyCataloger } from './ruby/cataloger.ts';
import { rustCataloger } from './rust/cataloger.ts';
import { wasmCataloger } from './wasm/cataloger.ts';
import { wordpressCataloger } from './wordpress/cataloger.ts';

/** One line for each ecosystem. */
export const catalogers: readonly Cataloger[] = [
  apkCataloger,
  dpkgCataloger,
  npmCataloger,
  rpmCataloger,
  alpmCataloger,
  condaCataloger,
  luaCataloger,
  nixCataloger,
  phpCataloger,
  portageCataloger,
  pythonCataloger,
  rCataloger,
  rubyCataloger,
  perlCataloger,
  wordpressCataloger,
  opkgCataloger,
  homebrewCataloger,
  conanCataloger,
  bitnamiCataloger,
  goCataloger,
  rustCataloger,
  binaryCataloger,
  javaCataloger,
  jvmCataloger,
  dotnetCataloger,
  kernelCataloger,
  wasmCataloger,
  modelCataloger,
];

/** All kinds of files that are looked for in layers. */
export const fileKinds: readonly FileKind[] = [
  ...distroKinds,
  ...catalogers.flatMap((cataloger) => cataloger.kinds),
  ...lockKinds,
];

export const folderKinds: readonly FolderKind[] = catalogers.flatMap((cataloger) => cataloger.folders ?? []);

export const matchKind = createKindMatcher(fileKinds);

export { catalogLockFiles } from './lockfiles/cataloger.ts';
