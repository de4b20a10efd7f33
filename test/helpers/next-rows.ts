/** Requests to the application of test/fixtures/frameworks/next, and the spans that each of them makes. Data. */

export interface Row {
  /** Default GET. */
  readonly method?: string;
  readonly path: string;
  readonly status: number;
  /** Undefined = none: the span is named by the method alone. */
  readonly route?: string;
  /** It calls the server that the test has started. */
  readonly calls?: true;
  /** The span has the exception that the application has thrown. */
  readonly throws?: true;
  readonly headers?: Readonly<Record<string, string>>;
}

export const ROWS: readonly Row[] = [
  { path: '/', status: 200, route: '/' },
  { path: '/about', status: 200, route: '/about' },
  { path: '/about?utm=1', method: 'HEAD', status: 200, route: '/about' },
  { path: '/blog/hello', status: 200, route: '/blog/[slug]' },
  // What the router of the browser asks for: by its header alone it is sent to an address of its own.
  { path: '/blog/hello', headers: { rsc: '1' }, status: 307, route: '/blog/[slug]' },
  { path: '/blog/hello?_rsc', headers: { rsc: '1' }, status: 200, route: '/blog/[slug]' },
  { path: '/blog/fetching', status: 200, route: '/blog/[slug]', calls: true },
  { path: '/blog/missing', status: 404, route: '/blog/[slug]' },
  { path: '/blog/moved', status: 307, route: '/blog/[slug]' },
  { path: '/blog/broken', status: 500, route: '/blog/[slug]', throws: true },
  { path: '/docs/a/b', status: 200, route: '/docs/[...path]' },
  { path: '/shop', status: 200, route: '/shop/[[...rest]]' },
  { path: '/shop/a/b', status: 200, route: '/shop/[[...rest]]' },
  { path: '/prices/known', status: 200, route: '/prices/[id]' },
  { path: '/prices/unknown', status: 404, route: '/prices/[id]' },
  { path: '/api/items/7', status: 200, route: '/api/items/[id]', calls: true },
  { path: '/api/items/7', method: 'POST', status: 201, route: '/api/items/[id]' },
  { path: '/api/items/7', method: 'DELETE', status: 405, route: '/api/items/[id]' },
  { path: '/api/items/7', method: 'OPTIONS', status: 204, route: '/api/items/[id]' },
  { path: '/api/items/broken', status: 500, route: '/api/items/[id]', throws: true },
  { path: '/legacy/7', status: 200, route: '/legacy/[id]' },
  { path: '/legacy/missing', status: 404, route: '/legacy/[id]' },
  { path: '/legacy/broken', status: 500, route: '/legacy/[id]', throws: true },
  { path: '/plain', status: 200, route: '/plain' },
  { path: '/api/users/7', status: 200, route: '/api/users/[id]' },
  { path: '/api/users/7', method: 'PUT', status: 200, route: '/api/users/[id]' },
  // Next.js keeps the error to itself.
  { path: '/api/users/broken', status: 500, route: '/api/users/[id]' },
  { path: '/api/files/a/b', status: 200, route: '/api/files/[...path]' },
  { path: '/rewritten/7', status: 200, route: '/blog/[slug]' },
  { path: '/checked/7', status: 200, route: '/blog/[slug]', calls: true },
  // Nobody's routes: the proxy answers, a file, nothing.
  { path: '/guarded/7', status: 401 },
  { path: '/old/7', status: 307 },
  { path: '/robots.txt', status: 200 },
  { path: '/nowhere/7', status: 404 },
  { path: '/nowhere/7', method: 'POST', status: 404 },
  { path: '/_next/static/nothing.js', status: 404 },
];

/** What the requests make: one span, below the caller's, and one for what the page fetches. */
export function drawn({ method = 'GET', route, calls, status }: Row): string {
  const name = route === undefined ? method : `${method} ${route}`;
  const server = `app SERVER ${name}${status >= 500 ? ' ERROR' : ''}`;
  return calls ? `${server}\n  app CLIENT GET` : server;
}
