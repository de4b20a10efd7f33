/**
 * The demo from beginning to end: receiver, shop, requests, wait, report, stop. Runner process only; the one place that
 * joins the parts. Exit code 0 when every trace is whole and every process ended as it should, else 1 with the reason.
 */
import { type Collector, startCollector } from '../../../src/viewer/otlp-receiver.js';
import { type StepTrace, tracesOf } from './expected.js';
import { type DemoOptions, readOptions } from './options.js';
import { createReport, type Report } from './report.js';
import { SERVICES } from './services.js';
import { createShop, type Shop } from './shop.js';
import { type Answered, BROWSE, LOOK, ORDER, ORDER_TOO_MANY, ORDER_UNPRICED, readOrder, send } from './traffic.js';

/** Runs the demo and sets `process.exitCode`. Never rejects. */
export async function runDemo(root: string): Promise<void> {
  const report = createReport((text) => process.stdout.write(text), {
    columns: process.stdout.columns,
    isColored: process.stdout.isTTY === true && !process.env.NO_COLOR,
  });
  try {
    await playAndStop(readOptions(root, process.argv.slice(2), process.env), report);
  } catch (error) {
    process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}

async function playAndStop(options: DemoOptions, report: Report): Promise<void> {
  const receiver = await startCollector();
  const shop = createShop({
    ...options,
    receiver,
    onLine: options.isVerbose ? (name, line) => process.stdout.write(`    ${name} | ${line}\n`) : undefined,
  });
  process.once('exit', () => shop.killAll());
  try {
    await Promise.race([play(options, receiver, shop, report), shop.crashed, interrupted()]);
  } finally {
    const complaints = await shop.stop();
    await receiver.close();
    if (complaints.length === 0) report.done('everything is stopped');
    else {
      process.stderr.write(`\n${complaints.join('\n')}\n`);
      process.exitCode = 1;
    }
  }
}

async function play(options: DemoOptions, receiver: Collector, shop: Shop, report: Report): Promise<void> {
  report.title(`The shop: ${SERVICES.length} services and a database, no line of tracing code in any of them`);
  const { gatewayUrl } = await shop.start();
  const database = shop.isDatabaseEmbedded ? 'an embedded PostgreSQL' : 'your PostgreSQL';
  report.done(`${SERVICES.length} services on ${database}, each in a process of its own under the agent`);

  const answers: Answered[] = [];
  for (const step of [BROWSE, LOOK, ORDER, ORDER_TOO_MANY, ORDER_UNPRICED]) answers.push(await send(gatewayUrl, step));
  await completeTraces(answers, receiver, options.waitMillis);
  // Only now has the worker confirmed the order for certain.
  const order = answers.find(({ step }) => step === ORDER)?.body as { id: unknown };
  const readBack = await send(gatewayUrl, readOrder(order.id));
  const { status } = readBack.body as { status: unknown };
  if (status !== 'confirmed') throw new Error(`the worker left the order in status ${status}`);
  answers.push(readBack);
  report.done(`${answers.length} requests, answered as they should be`);

  const traces = await completeTraces(answers, receiver, options.waitMillis);
  report.done(`${traces.length} traces, complete: ${traces.map(({ spans }) => spans.length).join(' + ')} spans`);
  report.requests(answers);
  const spansOf = (step: Answered['step']) => traces.find((trace) => trace.step === step)?.spans ?? [];
  report.trace(
    'One order',
    'Two mugs and a kettle: one trace through all services, down to the SQL, and on to the work after the answer.',
    spansOf(ORDER),
  );
  report.trace(
    'One failure',
    'Something whose price is no number: the customer sees a 500, the lowest ✗ says why.',
    spansOf(ORDER_UNPRICED),
  );
  report.serviceMap(traces.flatMap(({ spans }) => spans));
  report.summary(traces);
}

/** Waits until the trace of every answered request is whole; rejects with what is missing. */
async function completeTraces(
  answers: readonly Answered[],
  receiver: Collector,
  waitMillis: number,
): Promise<StepTrace[]> {
  const steps = answers.map(({ step }) => step);
  const current = () => tracesOf(steps, receiver.spans());
  const isWhole = () => current().every(({ lacks }) => lacks.length === 0);
  await receiver.waitForSpans(isWhole, waitMillis).catch(() => {
    const complaints = current().flatMap(({ step, lacks }) =>
      lacks.length === 0
        ? []
        : [`  ${step.method} ${step.path} (${step.title}):`, ...lacks.map((lack) => `    ${lack}`)],
    );
    throw new Error(`traces are incomplete after ${waitMillis / 1000} s\n${complaints.join('\n')}`);
  });
  return current();
}

/** Rejects on Ctrl-C and its like, so that everything is stopped on the way out. */
function interrupted(): Promise<never> {
  return new Promise((_resolve, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => reject(new Error(`stopped by ${signal}`)));
    }
  });
}
