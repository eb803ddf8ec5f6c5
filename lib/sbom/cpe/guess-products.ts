import type { Package } from '../model.ts';
import type { Product } from './known-products.ts';

interface Guess {
  /** Under which the product may be known, the most exact first. */
  readonly names: readonly string[];
  readonly products: readonly Product[];
}

/** Guesses vendor and product from the names that an ecosystem gives out, as the databases' own editors mostly do. */
export function guessProducts(one: Pick<Package, 'type' | 'name' | 'source' | 'supplier'>): Guess {
  const name = one.name.toLowerCase();
  switch (one.type) {
    case 'npm':
      return ofScoped(name);
    case 'pypi':
      return ofPython(name.replace(/[-_.]+/g, '-'), vendorOf(one.supplier));
    case 'maven':
      return ofMaven(name);
    case 'golang':
      return ofGo(name);
    case 'composer':
      return ofOwned(name);
    case 'nuget':
      return ofDotnet(name);
    case 'gem':
      return { names: [name], products: [...project(name), ['ruby-lang', name]] };
    case 'cargo':
      return { names: [name], products: [[`${name}_project`, name], ...project(name)] };
    default:
      return ofSoftware(name, one.source?.name.toLowerCase());
  }
}

/** Many products are their own vendor, or that of "their project". */
const project = (name: string, product = name): Product[] => [
  ...variants(name).map((one): Product => [one, one === name ? product : one]),
  [`${name}_project`, product],
];

/** Hyphens of names are often underscores there. */
const variants = (name: string): string[] => (name.includes('-') ? [name, name.replaceAll('-', '_')] : [name]);

/** `libssl3` was built from `openssl`, and it is that which has vulnerabilities. */
function ofSoftware(name: string, source: string | undefined): Guess {
  const upstream = source ?? name;
  // `python3.11`, `postgresql-15`, `gcc-12`: a series is no product.
  const series = upstream.replace(/-?\d+(?:\.\d+)*$/, '');
  const names = [...new Set([upstream, series, name])].filter((one) => one !== '');
  return { names, products: names.flatMap((one) => project(one).slice(0, 2)) };
}

function ofScoped(name: string): Guess {
  const slash = name.indexOf('/');
  if (!name.startsWith('@') || slash < 0) return { names: [name], products: project(name) };
  const scope = name.slice(1, slash);
  const bare = name.slice(slash + 1);
  return { names: [name], products: [[scope, bare], [scope, `${scope}/${bare}`], ...project(bare)] };
}

function ofPython(name: string, author: string | undefined): Guess {
  return {
    names: [name],
    products: [
      ...project(name),
      ['python', name],
      ...(name.startsWith('python') ? [] : project(`python-${name}`).slice(0, 1)),
      ...(author ? [[author, name] as const] : []),
    ],
  };
}

/** `Django Software Foundation <foundation@example>` → `django_software_foundation`. */
function vendorOf(supplier: string | undefined): string | undefined {
  const name = supplier
    ?.replace(/<[^>]*>/g, '')
    .trim()
    .toLowerCase();
  return name && name.length <= 60 && !name.includes('@') ? name.replace(/\s+/g, '_') : undefined;
}

/** Top-level domains and words of groups that are nobody's name. */
const NO_VENDOR: ReadonlySet<string> = new Set(['plugin', 'plugins', 'github', 'gitlab', 'sourceforge', 'googlecode']);

function ofMaven(name: string): Guess {
  const colon = name.indexOf(':');
  const group = colon < 0 ? '' : name.slice(0, colon);
  const artifact = name.slice(colon + 1);
  const parts = group.split('.');
  const [vendor] = parts.slice(parts.length > 1 ? 1 : 0).filter((part) => part !== '' && !NO_VENDOR.has(part));
  const line = parts.length > 2 ? parts.at(-1) : undefined;
  return {
    names: [name, ...parts.map((_, i) => parts.slice(0, parts.length - i).join('.')), artifact].filter(Boolean),
    products: [
      ...(vendor === undefined ? [] : variants(artifact).map((one): Product => [vendor, one])),
      ...(vendor === undefined || line === undefined || line === artifact ? [] : [[vendor, line] as const]),
      ...project(artifact),
    ],
  };
}

function ofGo(name: string): Guess {
  const [host = '', ...path] = name.split('/').filter((part) => !/^v\d+$/.test(part));
  const [owner, ...rest] = path;
  // The path is part of the product: else each module of an owner would be taken for the others.
  if (owner === undefined) return { names: [name], products: [] };
  if (host === 'golang.org')
    return {
      names: [name],
      products: [
        ['golang', path.join('/')],
        ['golang', rest.join('/')],
      ],
    };
  if (host === 'google.golang.org') return { names: [name], products: [['google', owner]] };
  if (rest.length === 0) return { names: [name], products: [[owner, owner]] };
  return {
    names: [name, [host, ...path].join('/')],
    products: [[owner, rest.join('/')], ...(rest.length === 1 ? [[`${rest[0]}_project`, `${rest[0]}`] as const] : [])],
  };
}

function ofOwned(name: string): Guess {
  const slash = name.indexOf('/');
  if (slash < 0) return { names: [name], products: project(name) };
  const bare = name.slice(slash + 1);
  return { names: [name], products: [[name.slice(0, slash), bare], ...project(bare)] };
}

function ofDotnet(name: string): Guess {
  const [first = name] = name.split('.');
  const vendor = first === 'system' || first === 'runtime' ? 'microsoft' : first;
  return { names: [name], products: [[vendor, name], ...project(name)] };
}
