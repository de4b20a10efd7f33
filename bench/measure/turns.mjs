/**
 * Several measurements that are alive together and take turns: all begin when all are ready, one works at a time in the
 * order of asking, all end when all are done. Neighbouring turns see the same moment of the machine.
 */
export class Turns {
  #parties;
  #gates = { ready: createGate(), done: createGate() };
  #last = Promise.resolve();

  /** @param parties how many take part */
  constructor(parties) {
    this.#parties = parties;
  }

  /** Resolves when everybody is. */
  ready() {
    return this.#pass(this.#gates.ready);
  }

  /** Runs `work` when every turn asked for before is over. */
  take(work) {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Resolves when everybody is. */
  done() {
    return this.#pass(this.#gates.done);
  }

  /** One that failed takes part no longer: nobody waits for it. */
  leave() {
    this.#parties--;
    for (const gate of Object.values(this.#gates)) this.#openIfComplete(gate);
  }

  #pass(gate) {
    gate.arrived++;
    this.#openIfComplete(gate);
    return gate.opened;
  }

  #openIfComplete(gate) {
    if (gate.arrived >= this.#parties) gate.open();
  }
}

function createGate() {
  const gate = { arrived: 0 };
  gate.opened = new Promise((resolve) => {
    gate.open = resolve;
  });
  return gate;
}
