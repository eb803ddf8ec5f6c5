import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { SecretName } from '../../functions/_pipe/function.ts';
import { mapNames, pascalCase } from './names.ts';

const descriptions: Readonly<Record<SecretName, string>> = {
  webhooks: 'Shared with the registries that send push notifications: what they prove themselves with',
  admission: 'In the address at which clusters ask for admission: what they prove themselves with',
  integrations: 'JSON object of tokens and addresses by name, for notifications and remediation; fill it in',
  notifications: 'Shared with the receivers of notifications: the key of ours',
};

/** 48 letters and digits have 285 bits: more than the HMAC-SHA256 that they key. */
const LENGTH = 48;

/** Secrets that are made, never written down anywhere, at the first deployment. */
export class Secrets extends Construct {
  readonly byName: Readonly<Record<SecretName, Secret>>;

  constructor(scope: Construct, id: string, props: { readonly removalPolicy: RemovalPolicy }) {
    super(scope, id);
    this.byName = mapNames(
      ['webhooks', 'notifications', 'admission', 'integrations'] as const,
      (name) =>
        new Secret(this, pascalCase(name), {
          description: descriptions[name],
          generateSecretString: { passwordLength: LENGTH, excludePunctuation: true },
          removalPolicy: props.removalPolicy,
        }),
    );
  }
}
