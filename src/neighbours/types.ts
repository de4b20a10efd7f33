/** What the watchers tell. Types only. */

export interface NeighbourEvents {
  /** Another tracer starts. Returns true when the agent has stood down for it. Never throws. */
  onTracer(what: string): boolean;
  /** A copy of the OpenTelemetry API that cannot share our globals. Never throws. */
  onForeignApi(version: string): void;
}
