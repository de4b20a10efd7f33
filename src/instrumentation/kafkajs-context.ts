/**
 * kafkajs: connections, and the loop in which a consumer fetches, beats and joins its group again, outlive the request
 * that starts them. They hold nothing of its context: every listener and heartbeat would be part of that request.
 */
import { leaveContext } from './caller-context.js';
import { patchMethod } from './patch.js';
import type { PatchTarget } from './types.js';

/** The method that begins it, by the file that exports its class. */
const BEGINNINGS: readonly (readonly [file: string, method: string])[] = [
  ['src/network/connection.js', 'connect'],
  ['src/consumer/runner.js', 'start'],
];

/** To be patched besides what the official instrumentation patches. */
export function kafkajsTargets(versions: readonly string[]): PatchTarget[] {
  return BEGINNINGS.map(([file, method]) => ({
    module: 'kafkajs',
    file,
    versions,
    patch(exports) {
      patchMethod((exports as { readonly prototype: object }).prototype, method, leaveContext);
      return exports;
    },
  }));
}
