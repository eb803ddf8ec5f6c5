/** AdmissionReviews as a Kubernetes 1.3x API server sends them, cut to what a webhook can see of them. */
const spec = (image: string) => ({
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 30,
  dnsPolicy: 'ClusterFirst',
  containers: [
    {
      name: 'app',
      image,
      ports: [{ containerPort: 8080, protocol: 'TCP' }],
      resources: {},
      volumeMounts: [
        { name: 'kube-api-access-x', readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' },
      ],
      imagePullPolicy: 'IfNotPresent',
    },
  ],
});

const kinds = {
  Pod: { group: '', version: 'v1', resource: 'pods' },
  Deployment: { group: 'apps', version: 'v1', resource: 'deployments' },
  ReplicaSet: { group: 'apps', version: 'v1', resource: 'replicasets' },
  StatefulSet: { group: 'apps', version: 'v1', resource: 'statefulsets' },
  DaemonSet: { group: 'apps', version: 'v1', resource: 'daemonsets' },
  ReplicationController: { group: '', version: 'v1', resource: 'replicationcontrollers' },
  Job: { group: 'batch', version: 'v1', resource: 'jobs' },
  CronJob: { group: 'batch', version: 'v1', resource: 'cronjobs' },
  PodTemplate: { group: '', version: 'v1', resource: 'podtemplates' },
} as const;
export type WorkloadKind = keyof typeof kinds;
export const workloadKinds = Object.keys(kinds) as WorkloadKind[];

export function objectOf(kind: WorkloadKind, podSpec: unknown): unknown {
  const metadata = { name: 'app', namespace: 'shop', creationTimestamp: null, labels: { app: 'app' } };
  const template = { metadata: { labels: { app: 'app' } }, spec: podSpec };
  const base = { apiVersion: 'v1', kind, metadata };
  if (kind === 'Pod') return { ...base, spec: podSpec };
  if (kind === 'PodTemplate') return { ...base, template };
  if (kind === 'CronJob') return { ...base, spec: { schedule: '* * * * *', jobTemplate: { spec: { template } } } };
  return { ...base, spec: { replicas: 1, selector: { matchLabels: { app: 'app' } }, template } };
}

export interface ReviewOptions {
  readonly kind?: WorkloadKind;
  readonly image?: string;
  readonly podSpec?: unknown;
  readonly operation?: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly namespace?: string;
  readonly subResource?: string;
}

export function review(options: ReviewOptions = {}) {
  const { kind = 'Pod', image = 'registry.example/team/app:1', operation = 'CREATE', namespace = 'shop' } = options;
  const { group, version, resource } = kinds[kind];
  const object = objectOf(kind, 'podSpec' in options ? options.podSpec : spec(image));
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: '705ab4f5-6393-11e8-b7cc-42010a800002',
      kind: { group, version, kind },
      resource: { group, version, resource },
      ...(options.subResource === undefined ? {} : { subResource: options.subResource }),
      requestKind: { group, version, kind },
      requestResource: { group, version, resource },
      name: 'app',
      namespace,
      operation,
      userInfo: {
        username: 'system:serviceaccount:kube-system:replicaset-controller',
        groups: ['system:authenticated'],
      },
      object: operation === 'DELETE' ? null : object,
      oldObject: operation === 'CREATE' ? null : object,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  };
}
