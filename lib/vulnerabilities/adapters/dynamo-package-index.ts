import { z } from 'zod';
import { ifAbsent, queryAll, type Table } from '../../aws/table.ts';
import { mapLimit } from '../../core/concurrency.ts';
import { digestOf } from '../../core/digest.ts';
import { groupPackages, type PackageGroup } from '../group-packages.ts';
import type { PackageIndex } from '../ports.ts';

const PARALLEL = 16;
/** A package of application code is in a group for each image: their members are asked for side by side. */
const GROUPS_AT_ONCE = 256;
/** Groups that a warm process remembers as written. */
const REMEMBERED = 5000;
const rowSchema = z.object({ sk: z.string(), versions: z.array(z.string()) });
const memberSchema = z.object({ sk: z.string() });

const IMAGE = 'IMAGE#';
const GROUP = 'GROUP#';
const META = 'META';

/** DynamoDB allows 2 KiB of partition key; names from strangers can be longer. */
function packageKey(ecosystem: string, name: string): string {
  const key = `PKG#${ecosystem}#${name}`;
  return Buffer.byteLength(key) <= 1024 ? key : `PKG#${digestOf(key)}`;
}

/**
 * Rows: package → group, group → image. A group is what one layer contributes, by its content, so an image on a base
 * that was seen before adds one row for the base instead of one for each of its packages.
 *
 * A group's `META` row is written when all of its packages are; a crash before it lets the next image write them again.
 */
export function dynamoPackageIndex(table: Table): PackageIndex {
  const known = new Set<string>();
  const membersOf = async ({ sk, versions }: z.infer<typeof rowSchema>) => {
    const images: { readonly image: string; readonly versions: readonly string[] }[] = [];
    for await (const member of queryAll(table, { pk: sk, sortKey: { beginsWith: IMAGE } })) {
      images.push({ image: memberSchema.parse(member).sk.slice(IMAGE.length), versions });
    }
    return images;
  };
  const writeGroup = async ({ id, rows }: PackageGroup): Promise<void> => {
    if (known.has(id)) return;
    if ((await table.get({ pk: GROUP + id, sk: META })) === undefined) {
      await mapLimit(rows, PARALLEL, ({ ecosystem, name, versions }) =>
        table.put({ pk: packageKey(ecosystem, name), sk: GROUP + id, versions }),
      );
      await table.put({ pk: GROUP + id, sk: META, packages: rows.length }, ifAbsent);
    }
    if (known.size >= REMEMBERED) known.clear();
    known.add(id);
  };
  return {
    async add(image, packages) {
      for (const group of groupPackages(packages)) {
        // The image joins the group last: whoever finds a package's group later finds the image in it, or the image
        // has not yet read the snapshot.
        await writeGroup(group);
        await table.put({ pk: GROUP + group.id, sk: IMAGE + image });
      }
    },
    async *imagesWith(ecosystem, name) {
      let page: z.infer<typeof rowSchema>[] = [];
      for await (const item of queryAll(table, { pk: packageKey(ecosystem, name), sortKey: { beginsWith: GROUP } })) {
        page.push(rowSchema.parse(item));
        if (page.length < GROUPS_AT_ONCE) continue;
        yield* (await mapLimit(page, PARALLEL, membersOf)).flat();
        page = [];
      }
      yield* (await mapLimit(page, PARALLEL, membersOf)).flat();
    },
  };
}
