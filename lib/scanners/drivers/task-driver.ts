import { isGeneratorKind, type TaskScanner } from '../config.ts';
import type { ReportInbox, TaskRunner } from '../ports.ts';
import { readReport } from '../read-report.ts';
import type { ScannerDriver } from '../runs/ports.ts';
import { hasScanned, scanArguments } from './commands.ts';

/** Reports that tasks left, before they are read. */
export const reportKey = (id: string): string => `scanner-reports/${id}.json`;

/** A scanner that is a program in a container of its own: Trivy, Grype, Docker Scout, Snyk; Syft and Trivy for SBOMs. */
export function taskDriver(
  { kind }: TaskScanner,
  { tasks, inbox }: { readonly tasks: TaskRunner; readonly inbox: ReportInbox },
): ScannerDriver {
  return {
    async start({ subject }, id) {
      const task = {
        ...{ scanner: kind, arguments: scanArguments(kind, subject) },
        ...{ reportKey: reportKey(id), registry: subject.registry },
      };
      const handle = await tasks.run(task, id);
      return { kind: 'running', handle: JSON.stringify([id, handle]) };
    },
    async look(_run, handle) {
      const [id = '', task = ''] = partsOf(handle);
      const state = await tasks.look(task);
      if (state.kind === 'running') return { kind: 'running', handle };
      const { exitCode, reason = 'no reason is given' } = state;
      if (exitCode === undefined) return { kind: 'failed', code: 'task-not-started', reason };
      if (!hasScanned(kind, exitCode)) {
        return { kind: 'failed', code: 'scanner-failed', reason: `${kind} ended with ${exitCode}: ${reason}` };
      }
      const bytes = await inbox.take(reportKey(id));
      if (bytes === undefined) {
        return { kind: 'failed', code: 'report-missing', reason: `${kind} ended well and left no report: ${reason}` };
      }
      if (isGeneratorKind(kind)) return { kind: 'listed', document: bytes };
      return { kind: 'reported', report: readReport(bytes, `the report of ${kind}`) };
    },
    cancel: async (handle) => tasks.stop(partsOf(handle)[1] ?? '', 'it took longer than it may'),
  };
}

function partsOf(handle: string): readonly string[] {
  const parts: unknown = JSON.parse(handle);
  return Array.isArray(parts) ? parts.map(String) : [];
}
