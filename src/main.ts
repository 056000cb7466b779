/** Entry: what `bin/kindred.js` runs. */
import 'reflect-metadata';
import { run } from './cli/program';

// Whoever reads our output may stop early (`kindred export items | head`): that is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

void run(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
});
