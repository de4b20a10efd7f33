/**
 * Koa: its routers write the template that matched into the context; it is read when the response is over. Middleware is
 * neither wrapped nor replaced. Of koa-mount, which takes prefixes away from the path, what is mounted is wrapped.
 */
import { type RequestLike, type RpcMetadata, recordedMetadataOf, setRouteSource } from '../context.js';
import { type AnyFunction, type Faults, patchMethod } from '../patch.js';
import { joinTemplate, mountTemplate } from './template.js';
import { followTrail, Trail, trailOf } from './trail.js';

/** One entry of a router's stack, in koa-router and @koa/router. */
interface RouterLayer {
  readonly path: unknown;
  /** None: middleware of the router. */
  readonly methods: readonly string[];
  readonly opts?: { readonly strict?: boolean };
}

interface KoaContext {
  readonly req: object;
  readonly res: { readonly statusCode: number };
  readonly method: string;
  /** Of koa-router and @koa/router: path of the layer that runs, or of the last that matches, depending on the release. */
  readonly _matchedRoute?: unknown;
  /** Of the same: all that match the path. */
  readonly matched?: readonly RouterLayer[];
  /** Of koa-route. */
  readonly routePath?: unknown;
}

type Next = () => unknown;
type Middleware = (context: KoaContext, next: Next) => unknown;

/** What a router matched is of the mount it was matched in: looked at whenever a mount begins or passes on. */
export class KoaTrail extends Trail {
  readonly #context: KoaContext;
  #matchedRoute: unknown;
  #routePath: unknown;
  /** The prefix of the mount that runs, as long as no route has matched in it. */
  #mount: string | undefined;

  constructor(metadata: RpcMetadata, faults: Faults, context: KoaContext, base: string) {
    super(metadata, faults);
    this.#context = context;
    this.base = base;
    this.below = base;
    this.template = base === '' ? undefined : base;
    this.#mount = this.template;
  }

  protected override find(metadata: RpcMetadata): void {
    this.#look();
    const isUnanswered = this.template === this.#mount && this.#context.res.statusCode === 404;
    if (!isUnanswered) super.find(metadata);
  }

  /** Runs what is mounted at a prefix. */
  runMounted(prefix: string, downstream: Middleware, next: Next): unknown {
    this.#look();
    const { below, template } = this;
    const mount = this.#mount;
    this.below = joinTemplate(below, mountTemplate(prefix));
    this.template = this.below;
    this.#mount = this.below;
    return downstream(this.#context, () => {
      this.#look();
      this.below = below;
      if (this.#mount !== undefined) this.template = template;
      this.#mount = mount;
      return next();
    });
  }

  #look(): void {
    const { _matchedRoute: matchedRoute, routePath } = this.#context;
    if (matchedRoute !== this.#matchedRoute) {
      this.#matchedRoute = matchedRoute;
      this.#matchRoute(routeOf(this.#context, matchedRoute));
    }
    if (routePath !== this.#routePath) {
      this.#routePath = routePath;
      this.#matchRoute(String(routePath));
    }
  }

  #matchRoute(path: string): void {
    this.template = joinTemplate(this.below, path);
    this.#mount = undefined;
  }
}

/** A router's middleware may have answered in the place of the route that it was on the way to. */
function layerOf({ matched = [], method }: KoaContext, path: unknown): RouterLayer | undefined {
  const layer = matched.find((candidate) => candidate.path === path);
  if (layer === undefined || layer.methods.length > 0) return layer;
  return matched.filter(({ methods }) => methods.includes(method)).at(-1) ?? layer;
}

/** Some releases join `/` to a prefix as it is. Unless the route is strict, a slash at the end means nothing. */
function routeOf(context: KoaContext, matchedRoute: unknown): string {
  const layer = layerOf(context, matchedRoute);
  const path = layer?.path ?? matchedRoute;
  const isStrict = typeof path !== 'string' || path === '/' || layer?.opts?.strict === true;
  return isStrict ? String(path) : mountTemplate(path);
}

function follow(request: RequestLike, context: KoaContext, faults: Faults): void {
  const metadata = recordedMetadataOf(request);
  if (metadata === undefined) return;
  const trail = new KoaTrail(metadata, faults, context, trailOf(request)?.below ?? '');
  followTrail(request, trail);
  setRouteSource(metadata, trail);
}

function wrapCreateContext(original: AnyFunction, faults: Faults): AnyFunction {
  return function createContext(this: unknown, request: RequestLike): unknown {
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    const context = original.apply(this, arguments as unknown as unknown[]);
    try {
      if (!faults.isDisabled) follow(request, context as KoaContext, faults);
    } catch (error) {
      faults.record(error);
    }
    return context;
  };
}

/** Koa and, by its own advice, error handlers of applications emit what went wrong, with the context. */
function wrapEmit(original: AnyFunction, faults: Faults): AnyFunction {
  return function emit(this: unknown, event: unknown, problem: unknown, context?: { readonly req?: object }): unknown {
    try {
      if (event === 'error' && context?.req !== undefined) trailOf(context.req)?.fail(problem);
    } catch (error) {
      faults.record(error);
    }
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    return original.apply(this, arguments as unknown as unknown[]);
  };
}

/** `Koa` is the class of applications. Throws before it changes anything when a method is missing. */
export function patchKoa(Koa: { readonly prototype: object }, faults: Faults): void {
  const prototype = Koa.prototype as Record<string, unknown>;
  for (const name of ['createContext', 'emit']) {
    if (typeof prototype[name] !== 'function') throw new TypeError(`no method ${name}`);
  }
  patchMethod(prototype, 'createContext', (original) => wrapCreateContext(original, faults));
  patchMethod(prototype, 'emit', (original) => wrapEmit(original, faults));
}

/** True for what koa-mount accepts: a wrong call is for it to refuse. */
function isMountable(prefix: unknown, application: unknown): prefix is string {
  const kind = typeof application;
  return (
    typeof prefix === 'string' && prefix !== '/' && (kind === 'function' || (kind === 'object' && application !== null))
  );
}

function traceMounted(prefix: string, downstream: Middleware): Middleware {
  return function mounted(context: KoaContext, next: Next): unknown {
    const trail = trailOf(context.req);
    return trail instanceof KoaTrail ? trail.runMounted(prefix, downstream, next) : downstream(context, next);
  };
}

/** Koa-mount gives what it is to mount at `/` back as it is, composed: that is what gets wrapped. */
export function wrapMount(original: AnyFunction): AnyFunction {
  return function mount(this: unknown, prefix: unknown, application: unknown): unknown {
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    if (!isMountable(prefix, application)) return original.apply(this, arguments as unknown as unknown[]);
    const traced = traceMounted(prefix, original.call(this, '/', application) as Middleware);
    Object.defineProperty(traced, 'name', { value: (application as { name?: unknown }).name });
    return original.call(this, prefix, traced);
  };
}
