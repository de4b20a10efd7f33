/**
 * fetch and the undici package under the official instrumentation and under ours: kind, parent, name, status, events and
 * attributes of every span, apart from the list below.
 */
import t from 'tap';
import { Comparison, compareCase, type Difference, factsOf, withoutPorts } from '../helpers/differences.js';
import { caseOf, type LeanReport, runScenario } from '../helpers/lean.js';
import { nodeBinaries } from '../helpers/node-versions.js';

const OPT_IN = 'opt-in on clients in the convention, or part of `url.full`';
const MASKED = 'secrets are masked';
const NUMBERED = 'in the convention; the official one does not number attempts';
/** Their spans come in any order. */
const UNORDERED = 'redirects at once';
const HOPS = 3;

const pathOf = ({ 'url.full': url }: Record<string, unknown>): string =>
  new URL(String(url).replace(':port', '')).pathname;

const HOP = { what: 'url.query', official: '?a=1', own: undefined, reason: OPT_IN };

const DIFFERENCES: readonly Difference[] = [
  {
    what: 'http.request.method_original',
    official: ({ 'http.request.method': method }: Record<string, unknown>) => method,
    own: undefined,
    reason: 'only where it differs from `http.request.method`, in the convention',
  },
  { what: 'url.path', official: pathOf, own: undefined, reason: OPT_IN },
  { what: 'url.query', official: '', own: undefined, reason: OPT_IN },
  {
    cases: ['plain'],
    what: 'url.query',
    official: '?a=1&sig=secret&token=x&b=%20',
    own: undefined,
    reason: OPT_IN,
  },
  { cases: ['several redirects'], ...HOP },
  { cases: ['redirect'], what: 'http.request.resend_count', official: undefined, own: 1, reason: NUMBERED },
  {
    cases: ['several redirects'],
    what: 'http.request.resend_count',
    official: undefined,
    own: (other: Record<string, unknown>) => HOPS - Number(pathOf(other).at(-1)),
    reason: NUMBERED,
  },
  { what: 'url.scheme', official: 'http', own: undefined, reason: OPT_IN },
  {
    cases: ['plain'],
    what: 'url.full',
    official: 'http://127.0.0.1:port/items?a=1&sig=secret&token=x&b=%20',
    own: 'http://127.0.0.1:port/items?a=1&sig=REDACTED&token=REDACTED&b=%20',
    reason: MASKED,
  },
  {
    cases: ['own header'],
    what: 'http.request.header.authorization',
    official: ['x'],
    own: ['REDACTED'],
    reason: MASKED,
  },
  {
    cases: ['timeout'],
    what: 'error.type',
    official: 23,
    own: 'TimeoutError',
    reason: 'the number that a DOMException has as its code says nothing to a reader',
  },
  {
    cases: ['excluded'],
    what: 'spans',
    official: 'CLIENT GET',
    own: '',
    reason: 'the official one knows no URLs to exclude',
  },
];

const userAgent = (name: string): Difference => ({
  what: 'user_agent.original',
  official: name,
  own: undefined,
  reason: OPT_IN,
});

const REDIRECTED = 'redirects of the package';
const REDIRECTED_AGAIN = 'redirects over a connection that is there';
const RETRIED = 'a retry';

/** Of the package alone. */
const PACKAGE: readonly Difference[] = [
  { cases: [REDIRECTED, REDIRECTED_AGAIN, 'its target, later'], ...HOP },
  {
    cases: [REDIRECTED],
    what: 'http.request.resend_count',
    official: undefined,
    own: (other: Record<string, unknown>) => 2 - Number(pathOf(other).at(-1)),
    reason: NUMBERED,
  },
  {
    cases: [REDIRECTED_AGAIN, RETRIED],
    what: 'http.request.resend_count',
    official: undefined,
    own: 1,
    reason: NUMBERED,
  },
  {
    cases: [REDIRECTED_AGAIN, RETRIED],
    what: 'parent',
    official: 'a stranger',
    own: 'parent',
    reason: 'what is sent again is of the same call, not of whoever opened the connection',
  },
  userAgent('undici'),
  { ...userAgent('node'), cases: ['both'] },
  {
    cases: ['upgrade'],
    what: 'spans',
    official: 'CLIENT GET',
    own: '',
    reason: 'the end of an upgrade is told by no channel in undici 5 and 6: a span would stay open',
  },
];

async function compare(t: Parameters<typeof compareCase>[0], node: string, library: string): Promise<void> {
  const [official, own] = await Promise.all([
    runScenario(node, 'undici.cjs', library, 'official'),
    runScenario(node, 'undici.cjs', library, 'own'),
  ]);
  const comparison = new Comparison([...DIFFERENCES, ...(library === 'undici' ? PACKAGE : [userAgent('node')])]);
  const side = (report: LeanReport, name: string) => withoutPorts(caseOf(report, name), [report.port]);
  t.strictSame(Object.keys(official.cases), Object.keys(own.cases));
  const names = Object.keys(own.cases).filter((name) => name !== UNORDERED);
  for (const name of names) compareCase(t, comparison, name, [side(official, name), side(own, name)], factsOf);
  comparison.end(t);
  t.ok(comparison.compared > 35, `${comparison.compared} spans were compared`);
}

for (const { node, version } of nodeBinaries()) {
  t.test(`fetch on Node ${version}`, (t) => compare(t, node, 'fetch'));
}

t.test('the undici package', (t) => compare(t, process.execPath, 'undici'));
