import type { ImageLocation } from '../core/image-reference.ts';
import type { ImageSubject } from '../events/index.ts';
import type { RemediationAction } from './config.ts';
import type { PlanImage, RemediationPlan } from './model.ts';

/** What is known of images. */
export interface ImageKnowledge {
  /** The image, the images that could be its base, and newer ones of those; the image is among them. */
  around(image: ImageLocation): Promise<readonly PlanImage[]>;
}

/** Carries out what a rule asks for. It may be asked again for the same plan: `cause` is what to tell repetitions by. */
export interface ActionRunner {
  /** @throws LadingError `action-refused`, `action-failed` (retryable) */
  run(action: RemediationAction, plan: RemediationPlan, image: ImageSubject): Promise<void>;
}
