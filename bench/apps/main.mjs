// The measured process as ES module, for the scenarios that have one.
import serving from './serve.cjs';

const { start } = await import(`./scenarios/${process.argv[2]}.mjs`);
serving.serve(start);
