import type { SenderKind } from '../config.ts';
import type { WebhookSender } from '../model.ts';
import { acr } from './acr.ts';
import { artifactory } from './artifactory.ts';
import { cloudevents } from './cloudevents.ts';
import { distribution, gitlab } from './distribution.ts';
import { dockerHub } from './docker-hub.ts';
import { generic } from './generic.ts';
import { ghcr } from './ghcr.ts';
import { google } from './google.ts';
import { harbor } from './harbor.ts';
import { nexus } from './nexus.ts';
import { quay } from './quay.ts';

export const senders: Readonly<Record<SenderKind, WebhookSender>> = {
  acr,
  artifactory,
  cloudevents,
  distribution,
  'docker-hub': dockerHub,
  generic,
  ghcr,
  gitlab,
  google,
  harbor,
  nexus,
  quay,
};
