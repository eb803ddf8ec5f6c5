import type { LocalStack } from '../../infra/local/stack.ts';

/** Lambda itself writes logs and traces and polls the queue with the function's role; here nothing goes through IAM. */
const OF_LAMBDA = /^(?:logs|xray|sqs):/;
/** Comes with every right to read documents: S3 tells "not there" from "not allowed" only to who may list. */
const WITH_READING = 's3:listbucket';
/** The actions that a declared right to a table amounts to; the table's index and batches are rights of their own. */
const OF_TABLES: ReadonlyMap<string, readonly string[]> = new Map([
  ['read', ['getitem', 'query']],
  ['write', ['putitem', 'updateitem', 'deleteitem']],
]);

/**
 * The rights of the functions that no call has needed, one line each, as their declarations put them: reading or
 * writing a table is one right with all of its actions; an action in registries is one right for all regions.
 */
export function unusedRights(stack: LocalStack): readonly string[] {
  const unused = new Map<string, Set<string>>();
  const lines: string[] = [];
  const note = (right: string, what: string): void => {
    unused.set(right, (unused.get(right) ?? new Set()).add(what));
  };
  for (const { principal, action, resource } of stack.unusedGrants()) {
    if (OF_LAMBDA.test(action) || action === WITH_READING) continue;
    const who = functionOf(principal);
    const [service, call = ''] = action.split(':');
    const access = [...OF_TABLES].find(([, calls]) => calls.includes(call))?.[0];
    if (service === 'ecr') note(`${who}: ${action}`, resource);
    else if (service === 'dynamodb' && access && !resource.includes('/index/')) {
      note(`${who}: ${access} table ${logicalName(resource)}`, call);
    } else lines.push(`${who}: ${action} ${logicalName(resource)}`);
  }
  const regions = new Set(stack.resources.map(({ region }) => region)).size;
  for (const [right, what] of unused) {
    const [, access = ''] = right.split(' ');
    if (what.size === (OF_TABLES.get(access)?.length ?? regions)) lines.push(right);
  }
  return lines.sort();
}

/** `lading-CatalogImageFunctionRoleC0242355-d6740fbf` is the role of `catalog-image`. */
const functionOf = (role: string): string =>
  role
    .replace(/^lading-/, '')
    .replace(/(?:Function)?Role[0-9A-F]{8}-.*$/, '')
    .replace(/(?<=.)[A-Z]/g, '-$&')
    .toLowerCase();

/** The part of an ARN that a person knows the resource by. */
function logicalName(resource: string): string {
  const named = /lading-(?:tables|buckets|secrets)([a-z]+?)[0-9a-f]{8}-[0-9a-f]{8}(?:-[0-9a-f]+)?(.*)$/i.exec(resource);
  return named ? `${named[1]?.toLowerCase()}${named[2]}` : resource.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, '*');
}
