/** The route of a fastify request. Spec: semantic-conventions 1.44, `http.route`: the template, never the path. */

import type { RequestLike } from '../context.js';

/** What differs between fastify 4.0 and 5. */
export interface FastifyRequest {
  /** Node's. */
  readonly raw: RequestLike;
  readonly routeOptions?: { readonly url?: string | undefined };
  /** Until 4.9; later releases warn when it is read. */
  readonly routerPath?: string | undefined;
}

/** With prefixes of plugins; undefined when no route matched. */
export function routeOf(request: FastifyRequest): string | undefined {
  const { routeOptions } = request;
  return routeOptions === undefined ? request.routerPath : routeOptions.url;
}
