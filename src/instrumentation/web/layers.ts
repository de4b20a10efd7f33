/**
 * Routers of express 4 and of the package `router`, which is also express 5's: two methods of its layers, called for
 * everything that runs, and three of its routers. Nothing that an application put in is wrapped or replaced.
 */
import { createTie } from '../operation.js';
import { type AnyFunction, type Faults, patchMethod } from '../patch.js';
import { joinTemplate, mountTemplate, pathOf } from './template.js';
import { beginTrail, type ResponseState, type RoutedRequest, type Trail, trailOf } from './trail.js';

/** One entry of a router's stack, or of a route's. */
interface Layer {
  /** Only of a router's layers that a route is behind. */
  readonly route?: { readonly path: unknown } | undefined;
  readonly constructor: LayerClass;
  /** False, or true, or an object, depending on the release. */
  match(path: string): unknown;
}

type LayerClass = new (path: unknown, options: object, handler: () => void) => Layer;

interface Router {
  readonly stack: Layer[];
  readonly caseSensitive?: boolean;
  readonly strict?: boolean;
}

/** One of several paths that share a layer; the library does not say which of them it was that matched. */
interface Alternative {
  readonly template: string;
  readonly layer: Layer;
}

type Mount = string | readonly Alternative[];

/** Where the layers that `use` has made are mounted. Handlers of a route are layers too, and have none. */
const mounts = createTie<Mount>();
/** Of the layers of routes that were given several paths. */
const alternatives = createTie<readonly Alternative[]>();

const doNothing = (): void => undefined;

/** The library writes to the expression it is given, and one with the flag `g` or `y` remembers where it was. */
const copyOf = (path: unknown): unknown =>
  path instanceof RegExp ? new RegExp(path.source, path.flags.replace(/[gy]/g, '')) : path;

function alternativesOf(paths: readonly unknown[], Layer: LayerClass, options: object): Alternative[] {
  return paths.flat(Number.POSITIVE_INFINITY).map((path) => ({
    template: 'end' in options ? mountTemplate(path) : String(path),
    layer: new Layer(copyOf(path), options, doNothing),
  }));
}

function templateOf(among: readonly Alternative[], path: string): string {
  const found = among.find(({ layer }) => layer.match(path)) ?? among[0];
  return found?.template ?? '';
}

/** The first argument of `use`, unless it is a handler already. */
function mountPathOf(first: unknown): unknown {
  let innermost = first;
  while (Array.isArray(innermost) && innermost.length > 0) innermost = innermost[0];
  return typeof innermost === 'function' ? '/' : first;
}

function rememberMount(router: Router, size: number, first: unknown): void {
  const path = mountPathOf(first);
  for (const layer of router.stack.slice(size)) {
    const options = { sensitive: router.caseSensitive, strict: false, end: false };
    mounts.set(layer, Array.isArray(path) ? alternativesOf(path, layer.constructor, options) : mountTemplate(path));
  }
}

function rememberRoute(router: Router, path: unknown): void {
  const layer = router.stack.at(-1);
  if (layer === undefined || !Array.isArray(path)) return;
  const options = { sensitive: router.caseSensitive, strict: router.strict };
  alternatives.set(layer, alternativesOf(path, layer.constructor, options));
}

function enter(trail: Trail, layer: Layer, request: RoutedRequest, response: ResponseState): void {
  const { route } = layer;
  // Express gives each request and response a prototype of its application: V8 then has a hidden class for each of them,
  // and every property of theirs that is read is looked up anew, a quarter of a microsecond. A middleware of the
  // application itself changes nothing.
  if (route === undefined && trail.isAtStart && mounts.get(layer) === '') {
    trail.below = '';
    return;
  }
  if (response.headersSent) {
    trail.matched = route ?? trail.matched;
    return;
  }
  if (route !== undefined) {
    const among = alternatives.get(layer);
    const template = among === undefined ? String(route.path) : templateOf(among, pathOf(request.url));
    trail.enterRoute(joinTemplate(trail.base, template), route);
    return;
  }
  const mount = mounts.get(layer);
  if (mount === '') trail.enterMount(trail.base);
  else if (typeof mount === 'string') trail.enterMount(joinTemplate(trail.base, mount));
  else if (mount !== undefined) {
    const taken = request.baseUrl?.slice(trail.rawBase.length) || '/';
    trail.enterMount(joinTemplate(trail.base, templateOf(mount, taken)));
  }
}

/** For `use` and `route`, when routes are declared: the original first. */
function wrapDeclaration(
  original: AnyFunction,
  faults: Faults,
  remember: (router: Router, size: number, path: unknown) => void,
): AnyFunction {
  return function (this: Router, path: unknown): unknown {
    const size = this?.stack?.length;
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    const result = original.apply(this, arguments as unknown as unknown[]);
    try {
      remember(this, size, path);
    } catch (error) {
      faults.record(error);
    }
    return result;
  };
}

function wrapHandle(original: AnyFunction, faults: Faults): AnyFunction {
  return function handle(this: unknown, request: RoutedRequest, response: ResponseState, out: unknown): unknown {
    let passOn = out;
    try {
      const trail = faults.isDisabled || typeof out !== 'function' ? undefined : beginTrail(request, faults);
      if (trail !== undefined) passOn = trail.descend(request, response, out as AnyFunction, faults);
    } catch (error) {
      faults.record(error);
    }
    return passOn === out
      ? // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
        original.apply(this, arguments as unknown as unknown[])
      : original.call(this, request, response, passOn);
  };
}

function wrapRequestHandler(original: AnyFunction, faults: Faults): AnyFunction {
  return function handleRequest(this: Layer, request: RoutedRequest, response: ResponseState): unknown {
    try {
      const trail = trailOf(request);
      if (trail !== undefined) enter(trail, this, request, response);
    } catch (error) {
      faults.record(error);
    }
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    return original.apply(this, arguments as unknown as unknown[]);
  };
}

function wrapErrorHandler(original: AnyFunction, faults: Faults): AnyFunction {
  return function handleError(this: Layer, problem: unknown, request: RoutedRequest): unknown {
    try {
      trailOf(request)?.fail(problem, request);
    } catch (error) {
      faults.record(error);
    }
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    return original.apply(this, arguments as unknown as unknown[]);
  };
}

function checkMethods(owner: object, names: readonly string[]): void {
  for (const name of names) {
    if (typeof (owner as Record<string, unknown>)[name] !== 'function') throw new TypeError(`no method ${name}`);
  }
}

/** `Layer` is the library's class. Throws before it changes anything when a method is missing. */
export function patchLayer(Layer: { readonly prototype: object }, faults: Faults): void {
  const { prototype } = Layer;
  const [onRequest, onError] =
    'handleRequest' in prototype ? ['handleRequest', 'handleError'] : ['handle_request', 'handle_error'];
  checkMethods(prototype, [onRequest, onError]);
  patchMethod(prototype, onRequest, (original) => wrapRequestHandler(original, faults));
  patchMethod(prototype, onError, (original) => wrapErrorHandler(original, faults));
}

/** `router` is what all routers inherit their methods from. Throws before it changes anything. */
export function patchRouter(router: object, faults: Faults): void {
  checkMethods(router, ['handle', 'use', 'route']);
  patchMethod(router, 'handle', (original) => wrapHandle(original, faults));
  patchMethod(router, 'use', (original) => wrapDeclaration(original, faults, rememberMount));
  patchMethod(router, 'route', (original) =>
    wrapDeclaration(original, faults, (owner, _size, path) => rememberRoute(owner, path)),
  );
}
