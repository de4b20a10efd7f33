/**
 * Which route answers a request: one trail per recorded request, that routers of any framework advance as the request
 * goes through them, mounted in one another. Hot path: a router costs one closure, a layer none.
 *
 *   app.use('/shop', shop)            enter: below = /shop
 *     shop = Router()                   descend: base = /shop
 *       use(check)                        enter: template = /shop          (it would be its answer)
 *       get('/items/:id', ...)            enter: template = /shop/items/:id
 *                                       passed on: base and template as before
 *   nobody answered                   template = undefined: no route
 */
import { type RequestLike, type RpcMetadata, recordedMetadataOf, setRouteSource } from '../context.js';
import { createTie } from '../operation.js';
import type { AnyFunction, Faults } from '../patch.js';
import { SafeSource } from './source.js';
import { joinTemplate } from './template.js';

/** What express, router and connect add to a request, as far as templates need it. */
export interface RoutedRequest extends RequestLike {
  readonly url: string;
  /** The part of the URL that mounts have taken. */
  readonly baseUrl?: string;
  /** The route that was matched last, set before callbacks of `router.param` run. */
  readonly route?: { readonly path?: unknown; readonly stack?: unknown } | undefined;
}

/** The part of a response that says whether it is too late to find a route. */
export interface ResponseState {
  readonly headersSent: boolean;
}

export class Trail extends SafeSource {
  readonly metadata: RpcMetadata;
  /** Template of what has run last and not passed on; undefined = no route. */
  template: string | undefined;
  /** Prefix of the router that runs. */
  base = '';
  /** Prefix of a router inside of the layer that runs. */
  below = '';
  /** The part of the URL that {@link base} stands for, where the framework says it. */
  rawBase = '';
  /** The framework's own object of the route that was matched last. */
  matched: unknown;

  constructor(metadata: RpcMetadata, faults: Faults) {
    super(faults);
    this.metadata = metadata;
  }

  protected find(metadata: RpcMetadata): void {
    if (metadata.request !== undefined) this.catchUp(metadata.request as RoutedRequest);
    if (this.template !== undefined) metadata.route = this.template;
  }

  /** A callback of express's `router.param` has answered or failed on behalf of a route that then never runs. */
  catchUp({ route }: RoutedRequest): void {
    if (route === undefined || route === this.matched || !Array.isArray(route.stack)) return;
    const { path } = route;
    if (typeof path === 'string' || path instanceof RegExp) {
      this.enterRoute(joinTemplate(this.base, String(path)), route);
    }
  }

  /** No route, no mount and no error so far. */
  get isAtStart(): boolean {
    return this.template === undefined && this.base === '' && this.metadata.error === undefined;
  }

  /** What runs now is mounted at a prefix, itself part of `base`; '' for neither. */
  enterMount(prefix: string): void {
    this.below = prefix;
    this.template = prefix === '' ? undefined : prefix;
    this.resume();
  }

  enterRoute(template: string, route: unknown): void {
    this.below = this.base;
    this.template = template;
    this.matched = route;
    this.resume();
  }

  /** The error, if there was one, has been dealt with. */
  resume(): void {
    if (this.metadata.error !== undefined) this.metadata.error = undefined;
  }

  /** The first error is kept: what follows comes of it. */
  fail(error: unknown, request?: RoutedRequest): void {
    if (this.metadata.error !== undefined) return;
    if (request !== undefined) this.catchUp(request);
    this.metadata.error = error;
  }

  /** A router inside of the layer that runs begins. Returns what to call in the place of `out` when it passes on. */
  descend<Out extends AnyFunction>(request: RoutedRequest, response: ResponseState, out: Out, faults: Faults): Out {
    const trail = this;
    const { base, below, rawBase, template } = this;
    this.base = below;
    this.rawBase = request.baseUrl ?? '';
    return function (this: unknown, error?: unknown): unknown {
      try {
        trail.passOn(template, response, error, request);
        trail.base = base;
        trail.below = below;
        trail.rawBase = rawBase;
      } catch (fault) {
        faults.record(fault);
      }
      // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
      return out.apply(this, arguments as unknown as unknown[]);
    } as Out;
  }

  /** What ran has not answered: back to the template there was before, or on to error handlers. */
  passOn(before: string | undefined, response: ResponseState, error: unknown, request?: RoutedRequest): void {
    if (error) this.fail(error, request);
    // Too late for another route once the response has begun: some call next() after they have answered.
    else if (!response.headersSent) this.template = before;
  }
}

const trails = createTie<Trail>();

/** The trail of a request that some router has begun; undefined for requests that are not recorded. */
export function trailOf(request: object): Trail | undefined {
  return trails.get(request);
}

/** From now on it is this trail. */
export function followTrail(request: object, trail: Trail): void {
  trails.set(request, trail);
}

/** The same, begun here if it is recorded. Call it in the request's context. */
export function beginTrail(request: RequestLike, faults: Faults): Trail | undefined {
  const known = trails.get(request);
  if (known !== undefined) return known;
  const metadata = recordedMetadataOf(request);
  if (metadata === undefined) return undefined;
  const trail = new Trail(metadata, faults);
  trails.set(request, trail);
  setRouteSource(metadata, trail);
  return trail;
}
