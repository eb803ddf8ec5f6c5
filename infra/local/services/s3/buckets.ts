import type { ServiceResponse } from '../service.ts';
import { type BucketCall, bucketOf, iso, type S3Call, xmlResponse } from './call.ts';
import { invalidArgument, malformedXml, S3Error } from './errors.ts';
import { receiveDocument } from './intake.ts';
import { isBucketName } from './keys.ts';
import { readMode } from './locks.ts';
import { type Bucket, type DefaultRetention, defaultRetention } from './model.ts';
import type { S3Store } from './store.ts';
import { childText, onlyChildren, parseXml, type XmlElement, type XmlNode } from './xml.ts';

const MAX_DOCUMENT = 64 * 1024;

/** Creates or, with the same name, re-describes a bucket. Names are the world's: a region cannot take another's. */
export async function putBucket(store: S3Store, bucket: Bucket): Promise<'created' | 'updated'> {
  return store.exclusive(`bucket ${bucket.name}`, async () => {
    const existing = store.buckets.get(bucket.name)?.bucket;
    if (existing && existing.region !== bucket.region) {
      throw new S3Error(409, 'BucketAlreadyExists', `The bucket ${bucket.name} exists in ${existing.region}.`);
    }
    await store.commit({ type: 'bucket', bucket: existing ? { ...bucket, created: existing.created } : bucket });
    return existing ? 'updated' : 'created';
  });
}

export async function createBucket(call: BucketCall): Promise<ServiceResponse> {
  const { bucket: name, store, request, headers } = call;
  if (!isBucketName(name)) throw new S3Error(400, 'InvalidBucketName', 'The specified bucket is not valid.');
  const document = await receiveDocument(request.body, headers, MAX_DOCUMENT);
  if (document.length > 0) {
    const root = parseXml(document);
    if (root.name !== 'CreateBucketConfiguration') throw malformedXml('it is no CreateBucketConfiguration');
    onlyChildren(root, ['LocationConstraint']);
    const location = childText(root, 'LocationConstraint');
    if (location !== undefined && location !== request.region) {
      throw new S3Error(
        400,
        'IllegalLocationConstraintException',
        `The ${location} location constraint is incompatible for the region specific endpoint this request was sent to.`,
      );
    }
  }
  if (store.buckets.has(name)) {
    throw new S3Error(
      409,
      'BucketAlreadyOwnedByYou',
      'Your previous request to create the named bucket succeeded and you already own it.',
    );
  }
  const lock = headers.get('x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true';
  await putBucket(store, {
    name,
    region: request.region,
    created: call.now(),
    versioning: lock ? 'Enabled' : 'Unversioned',
    ...(lock ? { lock: {} } : {}),
  });
  return { status: 200, headers: { location: `/${name}` } };
}

export async function deleteBucket(call: BucketCall): Promise<ServiceResponse> {
  const state = bucketOf(call);
  const hasUploads = [...call.store.uploads.values()].some(({ upload }) => upload.bucket === call.bucket);
  if (state.keys.size > 0 || state.pending > 0 || hasUploads) {
    throw new S3Error(409, 'BucketNotEmpty', 'The bucket you tried to delete is not empty');
  }
  // From this turn on no write passes its check of the bucket.
  state.deleting = true;
  try {
    await call.store.commit({ type: 'bucket-deleted', name: call.bucket });
  } finally {
    state.deleting = false;
  }
  return { status: 204 };
}

export async function headBucket(call: BucketCall): Promise<ServiceResponse> {
  return { status: 200, headers: { 'x-amz-bucket-region': bucketOf(call).bucket.region } };
}

export async function listBuckets(call: S3Call): Promise<ServiceResponse> {
  for (const name of ['prefix', 'max-buckets', 'continuation-token', 'bucket-region']) {
    if (call.query.has(name)) throw invalidArgument(name, call.query.get(name) ?? '', 'Not supported by the local S3');
  }
  const buckets = [...call.store.buckets.values()].map(({ bucket }) => bucket);
  buckets.sort((a, b) => (a.name < b.name ? -1 : 1));
  return xmlResponse('ListAllMyBucketsResult', [
    ['Owner', [['ID', call.request.accountId]]],
    [
      'Buckets',
      buckets.map(
        ({ name, created, region }): XmlNode => [
          'Bucket',
          [
            ['Name', name],
            ['CreationDate', iso(created)],
            ['BucketRegion', region],
          ],
        ],
      ),
    ],
  ]);
}

export async function getBucketLocation(call: BucketCall): Promise<ServiceResponse> {
  const { region } = bucketOf(call).bucket;
  // The first region has no name here (API reference, GetBucketLocation), and the root element is the answer itself.
  const text = region === 'us-east-1' ? '' : region;
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${text}</LocationConstraint>`,
  };
}

export async function getBucketVersioning(call: BucketCall): Promise<ServiceResponse> {
  const { versioning } = bucketOf(call).bucket;
  return xmlResponse('VersioningConfiguration', [['Status', versioning === 'Unversioned' ? undefined : versioning]]);
}

async function configuration(call: BucketCall, root: string, children: readonly string[]): Promise<XmlElement> {
  const element = parseXml(await receiveDocument(call.request.body, call.headers, MAX_DOCUMENT));
  if (element.name !== root) throw malformedXml(`it is no ${root}`);
  onlyChildren(element, children);
  return element;
}

export async function putBucketVersioning(call: BucketCall): Promise<ServiceResponse> {
  bucketOf(call);
  const status = childText(await configuration(call, 'VersioningConfiguration', ['Status']), 'Status');
  if (status !== 'Enabled' && status !== 'Suspended') throw malformedXml('the Status is neither Enabled nor Suspended');
  const { bucket } = bucketOf(call);
  if (bucket.lock && status !== 'Enabled') {
    throw new S3Error(
      409,
      'InvalidBucketState',
      'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
    );
  }
  await putBucket(call.store, { ...bucket, versioning: status });
  return { status: 200 };
}

export async function getObjectLockConfiguration(call: BucketCall): Promise<ServiceResponse> {
  const { lock } = bucketOf(call).bucket;
  if (lock === undefined) {
    throw new S3Error(
      404,
      'ObjectLockConfigurationNotFoundError',
      'Object Lock configuration does not exist for this bucket',
    );
  }
  const preset = lock.default;
  const rule: XmlNode[] = preset
    ? [
        [
          'Rule',
          [
            [
              'DefaultRetention',
              [
                ['Mode', preset.mode],
                ['Days', preset.days],
                ['Years', preset.years],
              ],
            ],
          ],
        ],
      ]
    : [];
  return xmlResponse('ObjectLockConfiguration', [['ObjectLockEnabled', 'Enabled'], ...rule]);
}

export async function putObjectLockConfiguration(call: BucketCall): Promise<ServiceResponse> {
  bucketOf(call);
  const root = await configuration(call, 'ObjectLockConfiguration', ['ObjectLockEnabled', 'Rule']);
  if (childText(root, 'ObjectLockEnabled') !== 'Enabled') throw malformedXml('ObjectLockEnabled is not Enabled');
  const preset = readRule(root);
  const { bucket } = bucketOf(call);
  if (bucket.versioning !== 'Enabled') {
    throw new S3Error(409, 'InvalidBucketState', 'Versioning must be "Enabled" on the bucket to apply an Object Lock.');
  }
  await putBucket(call.store, { ...bucket, lock: preset ? { default: preset } : {} });
  return { status: 200 };
}

function readRule(root: XmlElement): DefaultRetention | undefined {
  const rule = root.children.find(({ name }) => name === 'Rule');
  if (rule === undefined) return undefined;
  const preset = rule.children[0];
  if (preset?.name !== 'DefaultRetention' || rule.children.length > 1)
    throw malformedXml('the Rule has no DefaultRetention');
  onlyChildren(preset, ['Mode', 'Days', 'Years']);
  const mode = readMode(childText(preset, 'Mode') ?? '');
  const days = childText(preset, 'Days');
  const years = childText(preset, 'Years');
  if ((days === undefined) === (years === undefined)) throw malformedXml('a DefaultRetention has Days or Years');
  const parsed = defaultRetention.safeParse({
    mode,
    ...(days === undefined ? { years: Number(years) } : { days: Number(days) }),
  });
  if (!parsed.success)
    throw invalidArgument(
      'DefaultRetention',
      days ?? years ?? '',
      'Default retention period must be a positive integer value.',
    );
  return parsed.data;
}

/**
 * Configurations that a local bucket never has. What S3 answers for a bucket without them is the truth here too; to set
 * one is refused (501).
 */
const ABSENT = {
  GetBucketLifecycleConfiguration: ['NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist'],
  GetBucketPolicy: ['NoSuchBucketPolicy', 'The bucket policy does not exist'],
  GetBucketTagging: ['NoSuchTagSet', 'The TagSet does not exist'],
  GetBucketCors: ['NoSuchCORSConfiguration', 'The CORS configuration does not exist'],
  GetBucketReplication: ['ReplicationConfigurationNotFoundError', 'The replication configuration was not found'],
} as const;

export const absentConfiguration =
  (operation: keyof typeof ABSENT) =>
  async (call: BucketCall): Promise<ServiceResponse> => {
    bucketOf(call);
    const [code, message] = ABSENT[operation];
    throw new S3Error(404, code, message, { details: { BucketName: call.bucket } });
  };

/** The state of every new bucket of S3: encrypted with SSE-S3, private, without ACLs, silent. */
const DEFAULTS: Readonly<Record<string, readonly [root: string, content: readonly XmlNode[]]>> = {
  GetBucketEncryption: [
    'ServerSideEncryptionConfiguration',
    [['Rule', [['ApplyServerSideEncryptionByDefault', [['SSEAlgorithm', 'AES256']]]]]],
  ],
  GetPublicAccessBlock: [
    'PublicAccessBlockConfiguration',
    [
      ['BlockPublicAcls', true],
      ['IgnorePublicAcls', true],
      ['BlockPublicPolicy', true],
      ['RestrictPublicBuckets', true],
    ],
  ],
  GetBucketOwnershipControls: ['OwnershipControls', [['Rule', [['ObjectOwnership', 'BucketOwnerEnforced']]]]],
  GetBucketNotificationConfiguration: ['NotificationConfiguration', []],
  GetBucketLogging: ['BucketLoggingStatus', []],
};

export async function defaultConfiguration(call: BucketCall): Promise<ServiceResponse> {
  bucketOf(call);
  const [root, content] = DEFAULTS[call.operation] ?? [call.operation, []];
  return xmlResponse(root, content);
}
