export { addWaiver, removeWaiver, type WaiverPorts } from './change-waivers.ts';
export { type PolicyConfig, type PolicyException, policyConfigSchema } from './config.ts';
export { type DeadlineDays, deadlineOf, defaultDeadlineDays } from './deadline.ts';
export { decideGate, type GatePorts, type ImageToDecide, policyDigest, replayVerdict } from './decide-gate.ts';
export { evaluateGate } from './evaluate-gate.ts';
export type {
  Decision,
  GateDecision,
  GateInputs,
  RecordedInputs,
  Verdict,
} from './model.ts';
export { parsePolicy } from './parse-policy.ts';
export type { Testimony, TestimonyReader, VerdictStore, WaiverStore } from './ports.ts';
export { type RecheckPorts, recheckImages } from './recheck-images.ts';
export { type Review, reviewWaivers } from './review-waivers.ts';
export { type Waiver, waiverRequestSchema, waiverSchema } from './waiver.ts';
