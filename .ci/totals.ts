/** Prints the totals of a Vitest JSON report, given as the argument: `N passed, N failed`, and `, N skipped` where any. */
import { readFileSync } from 'node:fs';
import * as v from 'valibot';

const Report = v.object({
  numPassedTests: v.number(),
  numFailedTests: v.number(),
  numPendingTests: v.number(),
  numTodoTests: v.number(),
  testResults: v.array(v.object({ status: v.string(), assertionResults: v.array(v.unknown()) })),
});

const path = process.argv[2];
if (path === undefined) throw new Error('Name the report.');
const report = v.parse(v.pipe(v.string(), v.parseJson(), Report), readFileSync(path, 'utf8'));

// A file that fails to load has no tests to count; it is a failure all the same.
const broken = report.testResults.filter(
  ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
);
const failed = report.numFailedTests + broken.length;
const skipped = report.numPendingTests + report.numTodoTests;

console.log(`${report.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
if (failed > 0 || report.numPassedTests === 0) process.exitCode = 1;
