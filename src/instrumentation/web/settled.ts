/**
 * Hapi and restify know the route of a request from the moment they have looked it up, whoever answers: it is read when
 * the response is over. Nothing that an application registers is wrapped.
 */
import {
  type RequestLike,
  type RouteSource,
  type RpcMetadata,
  recordedMetadataOf,
  setRouteSource,
} from '../context.js';
import { type AnyFunction, type Faults, patchMethod } from '../patch.js';
import { SafeSource } from './source.js';

interface HapiRequest {
  readonly route?: { readonly path: string; readonly method: string };
  /** `_error`: the Boom object, when it was made from an error. */
  readonly response?: { readonly _error?: unknown } | null;
}

class HapiRoute extends SafeSource {
  readonly #request: HapiRequest;

  constructor(faults: Faults, request: HapiRequest) {
    super(faults);
    this.#request = request;
  }

  protected find(metadata: RpcMetadata): void {
    const { route, response } = this.#request;
    // Hapi has routes of its own for what no route matches and for preflights.
    if (route !== undefined && route.method !== '_special') metadata.route = route.path;
    metadata.error = response?._error ?? undefined;
  }
}

interface RestifyRequest extends RequestLike {
  readonly route?: { readonly path?: unknown };
}

interface RestifyResponse {
  readonly err?: unknown;
}

class RestifyRoute extends SafeSource {
  readonly #request: RestifyRequest;
  readonly #response: RestifyResponse;

  constructor(faults: Faults, request: RestifyRequest, response: RestifyResponse) {
    super(faults);
    this.#request = request;
    this.#response = response;
  }

  protected find(metadata: RpcMetadata): void {
    const path = this.#request.route?.path;
    if (path !== undefined) metadata.route = String(path);
    metadata.error = this.#response.err;
  }
}

function follow(request: RequestLike, createSource: () => RouteSource): void {
  const metadata = recordedMetadataOf(request);
  if (metadata !== undefined) setRouteSource(metadata, createSource());
}

/** `Request` is hapi's class; its static method makes every request. Throws before it changes anything. */
export function patchHapi(Request: object, faults: Faults): void {
  patchMethod(Request, 'generate', (original: AnyFunction) => {
    return function generate(this: unknown, _server: unknown, request: RequestLike): unknown {
      // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
      const made = original.apply(this, arguments as unknown as unknown[]) as HapiRequest;
      try {
        if (!faults.isDisabled) follow(request, () => new HapiRoute(faults, made));
      } catch (error) {
        faults.record(error);
      }
      return made;
    };
  });
}

/** `Server` is restify's class; the method is called first for every request. Throws before it changes anything. */
export function patchRestify(Server: { readonly prototype: object }, faults: Faults): void {
  patchMethod(Server.prototype, '_setupRequest', (original: AnyFunction) => {
    return function setupRequest(this: unknown, request: RestifyRequest, response: RestifyResponse): unknown {
      try {
        if (!faults.isDisabled) follow(request, () => new RestifyRoute(faults, request, response));
      } catch (error) {
        faults.record(error);
      }
      // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
      return original.apply(this, arguments as unknown as unknown[]);
    };
  });
}
