/**
 * Traces the servers and clients of http and https, and servers of http2. Loaded when the application first loads one of
 * them; replaces `emit` of the server and message classes, `request` and `get`, and changes no instance.
 */
import type * as Http from 'node:http';
import type * as Http2 from 'node:http2';
import type * as Https from 'node:https';
import { AGENT_VERSION } from '../../version.js';
import { Faults, patchMethod } from '../patch.js';
import type { CreateInstrumentation } from '../types.js';
import { createPassOn, decidesByAttributesIn } from '../unsampled.js';
import { createGet, wrapRequest } from './client.js';
import { patchHttp2 } from './http2.js';
import { HTTP } from './manifest.js';
import { patchMessages } from './messages.js';
import { createHttpRules } from './rules.js';
import { type HttpTracing, wrapServerEmit } from './server.js';

function patchModule(module: typeof Http | typeof Https, scheme: string, tracing: HttpTracing): void {
  patchMethod(module.Server.prototype, 'emit', (original) => wrapServerEmit(original, scheme, tracing));
  patchMethod(module, 'request', (original) => wrapRequest(original, `${scheme}:`, tracing));
  patchMethod(module, 'get', () => createGet(module.request));
}

export const create: CreateInstrumentation = ({ tracerProvider, config, log }) => {
  let tracing: HttpTracing | undefined;
  const start = ({ IncomingMessage, ServerResponse, ClientRequest }: typeof Http): HttpTracing => {
    if (tracing !== undefined) return tracing;
    const faults = new Faults('http', log);
    patchMessages([IncomingMessage, ServerResponse, ClientRequest], faults);
    const tracer = tracerProvider.getTracer(HTTP.scope, AGENT_VERSION);
    const decidesByAttributes = decidesByAttributesIn(config);
    const rules = createHttpRules(config.http);
    tracing = { tracer, rules, decidesByAttributes, passOn: createPassOn(config), faults, ClientRequest };
    return tracing;
  };
  return {
    targets: [
      {
        module: 'http',
        versions: [],
        patch(exports) {
          patchModule(exports as typeof Http, 'http', start(exports as typeof Http));
          return exports;
        },
      },
      // These two speak through the message classes of http, which the application need not load itself.
      {
        module: 'https',
        versions: [],
        patch(exports) {
          patchModule(exports as typeof Https, 'https', start(require('node:http') as typeof Http));
          return exports;
        },
      },
      {
        module: 'http2',
        versions: [],
        patch(exports) {
          patchHttp2(exports as typeof Http2, start(require('node:http') as typeof Http));
          return exports;
        },
      },
    ],
  };
};
