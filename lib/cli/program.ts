import type { Command } from '@commander-js/extra-typings';
import { type Commands, loadCommands, runCommands } from './run-program.ts';

const commands: Commands = {
  push: async () => (await import('./commands/push.ts')).pushCommand(),
  pull: async () => (await import('./commands/pull.ts')).pullCommand(),
  sbom: async () => (await import('./commands/sbom.ts')).sbomCommand(),
  scan: async () => (await import('./commands/scan.ts')).scanCommand(),
  waiver: async () => (await import('./commands/waiver.ts')).waiverCommand(),
  vex: async () => (await import('./commands/vex.ts')).vexCommand(),
  vuln: async () => (await import('./commands/vuln.ts')).vulnCommand(),
  deadlines: async () => (await import('./commands/deadlines.ts')).deadlinesCommand(),
  remediate: async () => (await import('./commands/remediate.ts')).remediateCommand(),
  scanners: async () => (await import('./commands/scanners.ts')).scannersCommand(),
  votes: async () => (await import('./commands/votes.ts')).votesCommand(),
  images: async () => (await import('./commands/images.ts')).imagesCommand(),
  image: async () => (await import('./commands/images.ts')).imageCommand(),
  events: async () => (await import('./commands/events.ts')).eventsCommand(),
  advisories: async () => (await import('./commands/advisories.ts')).advisoriesCommand(),
  retention: async () => (await import('./commands/retention.ts')).retentionCommand(),
  hold: async () => (await import('./commands/hold.ts')).holdCommand(),
  lease: async () => (await import('./commands/hold.ts')).leaseCommand(),
  usage: async () => (await import('./commands/usage.ts')).usageCommand(),
  replicate: async () => (await import('./commands/replication.ts')).replicateCommand(),
  replication: async () => (await import('./commands/replication.ts')).replicationCommand(),
  index: async () => (await import('./commands/platform-index.ts')).indexCommand(),
  cost: async () => (await import('./commands/cost.ts')).costCommand(),
  storage: async () => (await import('./commands/storage.ts')).storageCommand(),
  dlq: async () => (await import('./commands/dead-letters.ts')).dlqCommand(),
  registries: async () => (await import('./commands/registries.ts')).registriesCommand(),
  resolve: async () => (await import('./commands/resolve.ts')).resolveCommand(),
  edge: async () => (await import('./commands/edge.ts')).edgeCommand(),
  dr: async () => (await import('./commands/dr.ts')).drCommand(),
  mirrors: async () => (await import('./commands/mirrors.ts')).mirrorsCommand(),
  run: async () => (await import('./commands/run.ts')).runCommand(),
  credentials: async () => (await import('./commands/credentials.ts')).credentialsCommand(),
  webhook: async () => (await import('./commands/webhook.ts')).webhookCommand(),
  sign: async () => (await import('./commands/sign.ts')).signCommand(),
  attest: async () => (await import('./commands/sign.ts')).attestCommand(),
  verify: async () => (await import('./commands/verify.ts')).verifyCommand(),
  trust: async () => (await import('./commands/trust.ts')).trustCommand(),
  key: async () => (await import('./commands/key.ts')).keyCommand(),
};

export const commandNames: readonly string[] = Object.keys(commands);

/** Runs one command line, without the program's name, and answers with the exit code. */
export const runProgram = (args: readonly string[]): Promise<number> => runCommands(commands, args);

export const loadProgram = (args: readonly string[]): Promise<Command> => loadCommands(commands, args);
