/** A child process that answers one message with one message, and whose unexpected end is an error with its last words. */
import { spawn } from 'node:child_process';

const LAST_WORDS = 1500;
const ANSWER_MILLIS = 60_000;
const END_MILLIS = 10_000;

/** @returns {Promise<Child>} resolved with the child's first message in `hello` */
export async function startChild(node, args, env) {
  const child = new Child(spawn(node, args, { env, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] }));
  try {
    child.hello = await child.next();
  } catch (error) {
    child.kill();
    throw error;
  }
  return child;
}

class Child {
  #process;
  #stderr = '';
  #waiting;
  #ended;

  constructor(process) {
    this.#process = process;
    process.stderr.setEncoding('utf8').on('data', (text) => {
      this.#stderr = (this.#stderr + text).slice(-LAST_WORDS);
    });
    process.on('message', (message) => this.#settle('resolve', message));
    process.on('error', (error) => this.#settle('reject', error));
    // "close" and not "exit": its standard error has been read by then.
    this.#ended = new Promise((resolve) =>
      process.on('close', (code, signal) => {
        resolve({ code, signal });
        this.#settle('reject', new Error(`ended with ${signal ?? `code ${code}`}: ${this.#stderr.trim()}`));
      }),
    );
  }

  #settle(how, value) {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    clearTimeout(waiting?.timer);
    waiting?.[how](value);
  }

  /** The next message. */
  next() {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle('reject', new Error('no answer from the process')), ANSWER_MILLIS);
      this.#waiting = { resolve, reject, timer };
    });
  }

  ask(message) {
    const answer = this.next();
    this.#process.send(message, (error) => error && this.#settle('reject', error));
    return answer;
  }

  /** Tells it to end, and waits; one that does not is killed. Resolves with how it ended; `isKilled` when it was. */
  async end(message) {
    if (message !== undefined && this.#process.connected) this.#process.send(message);
    let isKilled = false;
    const timer = setTimeout(() => {
      isKilled = true;
      this.kill();
    }, END_MILLIS);
    const { code, signal } = await this.#ended;
    clearTimeout(timer);
    return { code, signal, isKilled };
  }

  kill() {
    this.#process.kill('SIGKILL');
  }
}
