/** What the doctor found, as data; shown as text or JSON. Command line program. */
import { CATALOGUE, type Code } from '../../diag/catalogue.js';

/** problem: spans will not be made or will not arrive · warning: something is lost or other than it seems. */
export type Status = 'ok' | 'note' | 'warning' | 'problem';

export interface Finding {
  readonly status: Status;
  readonly text: string;
  /** What to do. */
  readonly fix?: string;
  /** The message of docs/messages.md about the same thing. */
  readonly code?: Code;
}

export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface Section {
  readonly title: string;
  readonly findings: readonly Finding[];
  readonly tables?: readonly Table[];
}

export interface Report {
  readonly agentVersion: string;
  readonly healthy: boolean;
  readonly problems: number;
  readonly warnings: number;
  readonly sections: readonly Section[];
}

export const ok = (text: string): Finding => ({ status: 'ok', text });
export const note = (text: string): Finding => ({ status: 'note', text });

/** A finding whose advice is the catalogue's. */
export function coded(status: Status, code: Code, text: string): Finding {
  return { status, text, code, fix: CATALOGUE[code].fix };
}

export function createReport(agentVersion: string, sections: readonly Section[]): Report {
  const findings = sections.flatMap((section) => section.findings);
  const count = (status: Status): number => findings.filter((finding) => finding.status === status).length;
  const problems = count('problem');
  return { agentVersion, healthy: problems === 0, problems, warnings: count('warning'), sections };
}
