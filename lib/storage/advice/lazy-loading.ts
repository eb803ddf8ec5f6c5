export interface LazyLoading {
  readonly method: 'soci' | 'estargz';
  readonly verdict: 'already' | 'suitable' | 'little-gain' | 'not-possible';
  readonly why: string;
  /** Bytes that could wait, of those that must be there before a start today. */
  readonly lazyBytes: number;
}

export interface LazyInput {
  readonly layers: readonly {
    readonly bytes: number;
    readonly compression: 'gzip' | 'zstd' | 'none' | undefined;
    /** Names at the root of the layer's archive. */
    readonly rootNames: ReadonlySet<string>;
    readonly largestFile: number;
    readonly contentBytes: number;
  }[];
  /** Artifact types of what refers to the image. */
  readonly referrerTypes: readonly string[];
}

/** soci-snapshotter, "getting started": layers below 10 MiB get no index by default. */
const SOCI_MIN_LAYER = 10 * 1024 * 1024;
/** AWS, "Under the hood: Lazy Loading Container Images with Seekable OCI and AWS Fargate": below, there is little to gain. */
const WORTH_WHILE = 250 * 1024 * 1024;
const SOCI_TYPES = ['application/vnd.amazon.soci.index.v1+json', 'application/vnd.amazon.soci.index.v2+json'];
/** stargz-snapshotter, "eStargz: Standard-Compatible Extension to Container Image Layers": the table of contents. */
const STARGZ_TOC = 'stargz.index.json';

/** Whether an image would start sooner if its layers came as they are read. */
export function judgeLazyLoading({ layers, referrerTypes }: LazyInput): readonly LazyLoading[] {
  const total = layers.reduce((sum, { bytes }) => sum + bytes, 0);
  const gzip = layers.filter(({ compression }) => compression === 'gzip');
  const indexed = gzip.filter(({ bytes }) => bytes >= SOCI_MIN_LAYER);
  const indexedBytes = indexed.reduce((sum, { bytes }) => sum + bytes, 0);
  const content = layers.reduce((sum, { contentBytes }) => sum + contentBytes, 0);
  const largest = Math.max(0, ...layers.map(({ largestFile }) => largestFile));
  const small =
    total < WORTH_WHILE
      ? `the image has ${mib(total)}, and below ${mib(WORTH_WHILE)} there is little to gain`
      : undefined;
  const oneFile =
    content > 0 && largest > content / 2
      ? `one file is ${Math.round((100 * largest) / content)} % of its content and is read whole`
      : undefined;
  const hasSoci = referrerTypes.some((type) => SOCI_TYPES.includes(type));
  const hasStargz = layers.some(({ rootNames }) => rootNames.has(STARGZ_TOC));
  const soci = (verdict: LazyLoading['verdict'], why: string): LazyLoading => ({
    method: 'soci',
    verdict,
    why,
    lazyBytes: verdict === 'not-possible' ? 0 : indexedBytes,
  });
  const stargz = (verdict: LazyLoading['verdict'], why: string): LazyLoading => ({
    method: 'estargz',
    verdict,
    why,
    lazyBytes: total,
  });
  return [
    hasSoci
      ? soci('already', 'an index of it is attached')
      : indexed.length === 0
        ? soci('not-possible', 'no gzip layer has 10 MiB or more, and only such layers are indexed')
        : (small ?? oneFile) !== undefined
          ? soci('little-gain', small ?? oneFile ?? '')
          : soci(
              'suitable',
              `${indexed.length} of ${layers.length} layers can be indexed, and the image stays as it is`,
            ),
    hasStargz
      ? stargz(
          'already',
          `${layers.filter(({ rootNames }) => rootNames.has(STARGZ_TOC)).length} of ${layers.length} layers have a table of contents`,
        )
      : (small ?? oneFile) !== undefined
        ? stargz('little-gain', small ?? oneFile ?? '')
        : stargz(
            'suitable',
            'it must be converted: digests change, so sign again, and convert the base as well or its layers are shared no more',
          ),
  ];
}

const mib = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MiB`;
