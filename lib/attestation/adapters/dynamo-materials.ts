import { queryAll, type Table } from '../../aws/table.ts';
import { locationKey } from '../../core/image-reference.ts';
import { type Material, materialSchema } from '../model.ts';
import type { MaterialStore } from '../ports.ts';

/** What was given for an image, by the digest of its document: given twice, it is there once. */
export function dynamoMaterials(table: Table): MaterialStore {
  return {
    async add(material) {
      const { subject, kind, document } = material;
      await table.put({ pk: locationKey(subject), sk: `material#${kind}#${document.digest}`, material });
    },
    async of(image) {
      const materials: Material[] = [];
      for await (const row of queryAll(table, { pk: locationKey(image), sortKey: { beginsWith: 'material#' } })) {
        materials.push(materialSchema.parse(row.material));
      }
      return materials;
    },
  };
}
