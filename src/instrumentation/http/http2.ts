/**
 * Servers of http2 through their compatibility API, which emits 'request' as http does. Streams that are handled by
 * 'stream' listeners (gRPC, for one) pass straight.
 */
import type * as Http2 from 'node:http2';
import { type AnyFunction, patchMethod } from '../patch.js';
import { patchMessages } from './messages.js';
import { type HttpTracing, wrapServerEmit } from './server.js';

/** Patches a server class when the first server of it is made: no other way leads to it. */
function wrapCreate(original: AnyFunction, scheme: string, tracing: HttpTracing): AnyFunction {
  let isPatched = false;
  return function createServer(this: unknown, ...parameters: unknown[]): unknown {
    const server: object = original.apply(this, parameters);
    if (isPatched) return server;
    isPatched = true;
    try {
      patchMethod(Object.getPrototypeOf(server), 'emit', (emit) => wrapServerEmit(emit, scheme, tracing));
    } catch (error) {
      tracing.faults.record(error);
    }
    return server;
  };
}

/** Throws before it changes anything when the module is not as expected. */
export function patchHttp2(module: typeof Http2, tracing: HttpTracing): void {
  patchMessages([module.Http2ServerRequest, module.Http2ServerResponse], tracing.faults);
  patchMethod(module, 'createServer', (original) => wrapCreate(original, 'http', tracing));
  patchMethod(module, 'createSecureServer', (original) => wrapCreate(original, 'https', tracing));
}
