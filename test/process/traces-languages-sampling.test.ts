/**
 * The same trace ids and ratios, decided by the samplers of this package and of Go, Java and Python. Consistent
 * probability sampling (`ot=th`) is defined by the specification and must agree; `traceidratio` is not, and does not.
 */
import { randomBytes } from 'node:crypto';
import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { type Sampler, SamplingDecision, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';
import t from 'tap';
import { createProbabilitySampler } from '../../src/sdk/probability-sampler.js';
import { CLASS_PATH, JAVA_FLAGS } from '../helpers/chain.js';
import { installedOrSkip, SERVERS } from '../helpers/installed.js';
import { FIXTURES } from '../helpers/paths.js';
import { type RunOptions, runApp } from '../helpers/run-app.js';

const RATIOS = [1, 0.5, 0.25, 0.2, 0.1, 0.05, 0.015625, 0.01, 0.001];
const IDS_EACH = 400;
const RANDOMNESS_DIGITS = 14;

const ANSWERS: Readonly<Record<'go' | 'java' | 'python', Pick<RunOptions, 'node' | 'args'>>> = {
  go: { node: `${SERVERS}/go/chain`, args: ['sample'] },
  java: { node: 'java', args: [...JAVA_FLAGS, '-cp', CLASS_PATH, 'Chain', 'sample'] },
  python: { node: `${SERVERS}/python/bin/python`, args: [`${FIXTURES}/python/chain.py`, 'sample'] },
};

interface Question {
  readonly ratio: number;
  readonly traceId: string;
}

interface Decision {
  readonly byRatio: boolean;
  readonly byThreshold: boolean;
  /** Digits of `th` in tracestate; undefined when not sampled. */
  readonly threshold: string | undefined;
}

/** Trace ids around the threshold of a ratio, where an implementation that is off by one decides otherwise. */
function edgeIds(ratio: number): string[] {
  const threshold = BigInt(Math.round((1 - ratio) * 2 ** 56));
  return [-1n, 0n, 1n]
    .map((step) => threshold + step)
    .filter((randomness) => randomness >= 0n && randomness < 1n << 56n)
    .map((randomness) => `${'7'.repeat(18)}${randomness.toString(16).padStart(RANDOMNESS_DIGITS, '0')}`);
}

function questions(): Question[] {
  const randomIds = () => Array.from({ length: IDS_EACH }, () => randomBytes(16).toString('hex'));
  return RATIOS.flatMap((ratio) => [...randomIds(), ...edgeIds(ratio)].map((traceId) => ({ ratio, traceId })));
}

function decide(sampler: Sampler, { traceId }: Question) {
  const { decision, traceState } = sampler.shouldSample(ROOT_CONTEXT, traceId, 'name', SpanKind.SERVER, {}, []);
  return { isSampled: decision === SamplingDecision.RECORD_AND_SAMPLED, state: traceState?.get('ot') };
}

function ours(question: Question): Decision {
  const byThreshold = decide(createProbabilitySampler(question.ratio, false), question);
  return {
    byRatio: decide(new TraceIdRatioBasedSampler(question.ratio), question).isSampled,
    byThreshold: byThreshold.isSampled,
    threshold: byThreshold.isSampled ? byThreshold.state?.replace('th:', '') : undefined,
  };
}

async function theirs(language: keyof typeof ANSWERS, asked: readonly Question[]): Promise<Decision[]> {
  const stdin = asked.map(({ ratio, traceId }) => `${ratio} ${traceId}\n`).join('');
  const app = runApp({ preload: 'none', file: undefined, ...ANSWERS[language], stdin });
  const { code } = await app.exited;
  if (code !== 0) throw new Error(app.stderr());
  return app
    .stdout()
    .trim()
    .split('\n')
    .map((line) => {
      const [byRatio, byThreshold, threshold] = line.split(' ');
      const isSampled = byThreshold === '1';
      return { byRatio: byRatio === '1', byThreshold: isSampled, threshold: isSampled ? threshold : undefined };
    });
}

t.test('the same traces in every language', async (t) => {
  if (!(await installedOrSkip(t, 'go', 'java', 'python'))) return;
  const asked = questions();
  const expected = asked.map(ours);
  const languages = Object.keys(ANSWERS) as (keyof typeof ANSWERS)[];
  const answers = await Promise.all(languages.map((language) => theirs(language, asked)));
  for (const [index, language] of languages.entries()) {
    const answer = answers[index] ?? [];
    t.equal(answer.length, asked.length, `${language} has answered all ${asked.length}`);
    const isOther = (key: keyof Decision) => asked.filter((_, at) => answer[at]?.[key] !== expected[at]?.[key]);
    t.same(isOther('byThreshold'), [], `${language} takes the same traces by threshold`);
    t.same(isOther('threshold'), [], `${language} writes the same threshold`);
    // docs/sampling.md says so; when a language changes it, the page is to be changed.
    t.ok(isOther('byRatio').length > asked.length / 20, `${language} takes other traces by traceidratio`);
  }
});
