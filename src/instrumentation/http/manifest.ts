/** What the http instrumentation covers. Data only. */
export const HTTP = {
  scope: '@org/trace-agent/http',
  modules: ['http', 'https', 'http2'],
  spans: [
    { kind: 'SERVER', name: '{method} {http.route}', per: 'request' },
    { kind: 'CLIENT', name: '{method}', per: 'request; what follows an upgrade or a CONNECT is not part of it' },
  ],
} as const;
