export { type PolicyConfig, type PolicyException, policyConfigSchema } from './config.ts';
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
export type { VerdictStore } from './ports.ts';
