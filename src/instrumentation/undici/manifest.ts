/** What the undici instrumentation covers. Data only. */
export const UNDICI = {
  scope: '@org/trace-agent/undici',
  /** Node's own fetch (undici 5 to 8) and the package; both publish on the same diagnostics channels. */
  versions: ['>=5'],
  spans: [{ kind: 'CLIENT', name: '{method}', per: 'attempt: a redirect or a retry is a span of its own' }],
} as const;
