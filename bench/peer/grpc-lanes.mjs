/** gRPC lanes: unary calls as bare HTTP/2 streams over a few sessions, far cheaper than a gRPC client. */
import { connect } from 'node:http2';
import { FRAME, isHello } from './grpc-frame.mjs';

const SESSIONS = 2;
const HEADERS = {
  ':method': 'POST',
  ':path': '/bench.Hello/Say',
  'content-type': 'application/grpc',
  te: 'trailers',
};

function createLane(session) {
  return {
    fire(done) {
      const stream = session.request(HEADERS);
      const chunks = [];
      let status;
      stream.on('data', (chunk) => chunks.push(chunk));
      stream.on('trailers', (trailers) => {
        status = trailers['grpc-status'];
      });
      stream.on('error', done);
      stream.on('end', () => {
        const isRight = status === '0' && isHello(chunks);
        done(isRight ? undefined : new Error(`wrong answer: status ${status}, ${Buffer.concat(chunks).length} bytes`));
      });
      stream.end(FRAME);
    },
    async close() {},
  };
}

export async function connectGrpc({ port, count }) {
  const open = () =>
    new Promise((resolve, reject) => {
      const session = connect(`http://127.0.0.1:${port}`, () => resolve(session));
      session.on('error', reject);
    });
  const sessions = await Promise.all(Array.from({ length: SESSIONS }, open));
  const lanes = Array.from({ length: count }, (_, index) => createLane(sessions[index % SESSIONS]));
  lanes[0].close = () => Promise.all(sessions.map((session) => new Promise((resolve) => session.close(resolve))));
  return lanes;
}
