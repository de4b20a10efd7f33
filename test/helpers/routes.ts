/** Runs test/fixtures/web: every row of a family of route shapes, under one variant of instrumentation. */
import { type LeanReport, type LeanSpan, runScenario } from './lean.js';

export interface Row {
  readonly name: string;
  /** Method and path. */
  readonly request: string;
  readonly status: number;
  /** Expected `http.route`; undefined = none, and the span is named by the method alone. */
  readonly route?: string;
  /** Expected type of the exception on the span; undefined = no event. */
  readonly error?: string;
  /** Source of what declares it. */
  readonly declared: string;
}

export interface RowResult {
  readonly row: Row;
  /** What the client got. */
  readonly saw: { readonly status: number; readonly text: string; readonly headers: Record<string, unknown> };
  readonly server: readonly LeanSpan[];
  /** Names of all other spans. */
  readonly others: readonly string[];
}

export interface RoutesReport extends LeanReport {
  readonly version: string;
  readonly results: readonly RowResult[];
}

export type Variant = 'bare' | 'own' | 'official' | 'own under official http' | 'unsampled';

/** `packages`: under the names they are installed by; see the files of the families. */
export async function runRoutes(
  node: string,
  variant: Variant,
  family: string,
  packages: string,
): Promise<RoutesReport> {
  return (await runScenario(node, '../web/run.cjs', variant, family, packages)) as RoutesReport;
}

/** The name that the SERVER span of a row must have. */
export function expectedName({ request, route }: Row): string {
  const method = request.split(' ')[0] ?? '';
  return route === undefined ? method : `${method} ${route}`;
}

/** Error pages show stacks, in which our own frames are. */
export function withoutStacks(results: readonly RowResult[]): unknown {
  return results.map(({ row, saw }) => ({
    name: row.name,
    status: saw.status,
    text: saw.text.replaceAll(/(<br>|\n)\s*(&nbsp;|\s)*at .*/g, ''),
    headers: { ...saw.headers, ...(saw.status >= 400 ? { 'content-length': undefined, etag: undefined } : {}) },
  }));
}
