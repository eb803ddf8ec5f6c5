import { type FileKind, type FoundPackage, firstLayerFinder, type ImageFile, type ImageFiles } from './cataloger.ts';

export type Where = Pick<FoundPackage, 'locations' | 'layer'>;

/** For the many ecosystems in which each package has one file of its own that tells of it. */
export function onePerFile<Record extends { readonly name: string; readonly version: string }>(
  files: ImageFiles,
  kind: FileKind<Record>,
  toPackage: (record: Record, where: Where, file: ImageFile<Record>) => FoundPackage,
): FoundPackage[] {
  const keyOf = ({ name, version }: Record): string => `${name} ${version}`;
  return files.ofKind(kind).map((file) => {
    const firstLayer = firstLayerFinder(file, (record) => [keyOf(record)]);
    const where = { layer: firstLayer(keyOf(file.content)), locations: [{ path: file.path, layer: file.layer }] };
    return toPackage(file.content, where, file);
  });
}

/** For files that each list many packages. */
export function manyPerFile<Record extends { readonly name: string; readonly version: string }>(
  files: ImageFiles,
  kind: FileKind<Record[]>,
  toPackage: (record: Record, where: Where) => FoundPackage,
): FoundPackage[] {
  const keyOf = ({ name, version }: Record): string => `${name} ${version}`;
  return files.ofKind(kind).flatMap((file) => {
    const firstLayer = firstLayerFinder(file, (records) => records.map(keyOf));
    const locations = [{ path: file.path, layer: file.layer }];
    return file.content.map((record) => toPackage(record, { layer: firstLayer(keyOf(record)), locations }));
  });
}
