import { type Cataloger, firstLayerFinder } from '../cataloger.ts';
import { type JavaArtifact, javaArchiveFile } from './parse-archive.ts';
import { toMavenPackage } from './to-package.ts';

const keyOf = ({ group, artifact, version }: JavaArtifact): string => `${group}:${artifact}:${version}`;

/** An archive needs what is packed into it. */
export const javaCataloger: Cataloger = {
  name: 'java',
  kinds: [javaArchiveFile],
  catalog: (files) =>
    files.ofKind(javaArchiveFile).flatMap((file) => {
      const firstLayer = firstLayerFinder(file, ({ artifacts }) => artifacts.map(keyOf));
      const { artifacts } = file.content;
      const named = (index: number): string => `${file.path}\0${index}`;
      const children = Map.groupBy(artifacts.keys(), (index) => artifacts[index]?.parent);
      return artifacts.map((artifact, index) => {
        const path = artifact.inside === '' ? file.path : `${file.path}:${artifact.inside}`;
        const found = toMavenPackage(artifact, {
          layer: firstLayer(keyOf(artifact)),
          locations: [{ path, layer: file.layer }],
        });
        return {
          ...found,
          provides: [named(index)],
          requires: (children.get(index) ?? []).map((child) => [named(child)]),
        };
      });
    }),
};
