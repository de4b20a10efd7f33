'use strict';
// One Kafka broker with one topic of one partition, as far as kafkajs needs it to produce, join a group and consume:
// no Debian or npm package has a Kafka server. Offers the oldest version of each request that kafkajs can speak.
const { createServer } = require('node:net');
const { once } = require('node:events');

const TOPIC = 'things';
/** Request key -> the one version of it that is answered. */
const VERSIONS = { 0: 3, 1: 4, 2: 1, 3: 1, 8: 2, 9: 1, 10: 0, 11: 0, 12: 0, 13: 0, 14: 0, 18: 0 };

class Reader {
  constructor(buffer) {
    this.buffer = buffer;
    this.at = 0;
  }
  take(size) {
    this.at += size;
    return this.at - size;
  }
  int8() {
    return this.buffer.readInt8(this.take(1));
  }
  int16() {
    return this.buffer.readInt16BE(this.take(2));
  }
  int32() {
    return this.buffer.readInt32BE(this.take(4));
  }
  int64() {
    return this.buffer.readBigInt64BE(this.take(8));
  }
  string() {
    const size = this.int16();
    return size < 0 ? null : this.buffer.toString('utf8', this.take(size), this.at);
  }
  bytes() {
    const size = this.int32();
    return size < 0 ? Buffer.alloc(0) : this.buffer.subarray(this.take(size), this.at);
  }
  array(read) {
    return Array.from({ length: Math.max(0, this.int32()) }, () => read());
  }
}

const int8 = (value) => Buffer.from([value & 255]);
const int16 = (value) => {
  const buffer = Buffer.alloc(2);
  buffer.writeInt16BE(value);
  return buffer;
};
const int32 = (value) => {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
};
const int64 = (value) => {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64BE(BigInt(value));
  return buffer;
};
const string = (text) =>
  text === null ? int16(-1) : Buffer.concat([int16(Buffer.byteLength(text)), Buffer.from(text)]);
const bytes = (buffer) => Buffer.concat([int32(buffer.length), buffer]);
const array = (items) => Buffer.concat([int32(items.length), ...items]);
const join = (...parts) => Buffer.concat(parts);
/** The usual nesting: topics, each with partitions. */
const perPartition = (topics, write) =>
  array(
    topics.map(([topic, partitions]) =>
      join(string(topic), array(partitions.map((partition) => join(int32(partition[0]), write(partition))))),
    ),
  );

/** Starts the broker on a free loopback port. `count()` is the number of records it holds. */
exports.startBroker = async () => {
  const batches = [];
  let end = 0n;
  const committed = new Map();
  const waiting = new Set();
  let members = 0;

  const append = (batch) => {
    const copy = Buffer.from(batch);
    copy.writeBigInt64BE(end, 0);
    const last = BigInt(copy.readInt32BE(23));
    batches.push({ first: end, last: end + last, copy });
    end += last + 1n;
    for (const wake of waiting) wake();
  };

  const topics = (reader, read) =>
    reader.array(() => [reader.string(), reader.array(() => [reader.int32(), ...read()])]);

  const answers = {
    18: (_reader, version) => {
      const all = Object.entries(VERSIONS).map(([key, value]) => join(int16(Number(key)), int16(value), int16(value)));
      return join(int16(0), array(all), version > 0 ? int32(0) : Buffer.alloc(0));
    },
    3: () =>
      join(
        array([join(int32(1), string('127.0.0.1'), int32(broker.port), string(null))]),
        int32(1),
        array([
          join(
            int16(0),
            string(TOPIC),
            int8(0),
            array([join(int16(0), int32(0), int32(1), array([int32(1)]), array([int32(1)]))]),
          ),
        ]),
      ),
    0: (reader) => {
      reader.string();
      reader.int16();
      reader.int32();
      const written = topics(reader, () => {
        const first = end;
        append(reader.bytes());
        return [first];
      });
      return join(
        perPartition(written, ([, first]) => join(int16(0), int64(first), int64(-1))),
        int32(0),
      );
    },
    1: async (reader) => {
      reader.int32();
      const maxWaitMillis = reader.int32();
      reader.int32();
      reader.int32();
      reader.int8();
      const asked = topics(reader, () => {
        const offset = reader.int64();
        reader.int32();
        return [offset];
      });
      if (asked.every(([, partitions]) => partitions.every(([, offset]) => offset >= end))) {
        await new Promise((resolve) => {
          const wake = () => {
            clearTimeout(timer);
            waiting.delete(wake);
            resolve();
          };
          const timer = setTimeout(wake, maxWaitMillis);
          waiting.add(wake);
        });
      }
      const from = (offset) => Buffer.concat(batches.filter(({ last }) => last >= offset).map(({ copy }) => copy));
      return join(
        int32(0),
        perPartition(asked, ([, offset]) => join(int16(0), int64(end), int64(end), int32(0), bytes(from(offset)))),
      );
    },
    2: (reader) => {
      reader.int32();
      const asked = topics(reader, () => [reader.int64()]);
      return perPartition(asked, ([, time]) => join(int16(0), int64(-1), int64(time === -2n ? 0 : end)));
    },
    8: (reader) => {
      const group = reader.string();
      reader.int32();
      reader.string();
      reader.int64();
      const asked = topics(reader, () => {
        committed.set(group, reader.int64());
        reader.string();
        return [];
      });
      return perPartition(asked, () => int16(0));
    },
    9: (reader) => {
      const group = reader.string();
      return perPartition(
        topics(reader, () => []),
        () => join(int64(committed.get(group) ?? -1), string(''), int16(0)),
      );
    },
    10: () => join(int16(0), int32(1), string('127.0.0.1'), int32(broker.port)),
    11: (reader) => {
      reader.string();
      reader.int32();
      const member = reader.string() || `member-${++members}`;
      reader.string();
      const [[protocol, metadata]] = reader.array(() => [reader.string(), reader.bytes()]);
      return join(
        int16(0),
        int32(1),
        string(protocol),
        string(member),
        string(member),
        array([join(string(member), bytes(metadata))]),
      );
    },
    14: (reader) => {
      reader.string();
      reader.int32();
      reader.string();
      const [assignment] = reader.array(() => [reader.string(), reader.bytes()][1]);
      return join(int16(0), bytes(assignment ?? Buffer.alloc(0)));
    },
    12: () => int16(0),
    13: () => int16(0),
  };

  const answer = async (socket, frame) => {
    const reader = new Reader(frame);
    const [key, version, correlation] = [reader.int16(), reader.int16(), reader.int32()];
    reader.string();
    const body = join(int32(correlation), await answers[key](reader, version));
    if (!socket.destroyed) socket.write(bytes(body));
  };

  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    let rest = Buffer.alloc(0);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.on('data', (part) => {
      rest = Buffer.concat([rest, part]);
      while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
        const size = rest.readInt32BE(0);
        answer(socket, rest.subarray(4, 4 + size));
        rest = rest.subarray(4 + size);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const broker = {
    port: server.address().port,
    count: () => Number(end),
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
  return broker;
};
