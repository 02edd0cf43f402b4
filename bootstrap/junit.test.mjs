import { describe, expect, it } from 'vitest';
import { countJunit, junitOf } from './junit.mjs';

describe('countJunit', () => {
  it('sums the suites of a report', () => {
    const xml = `<?xml version="1.0"?>
<testsuites name="vitest tests" tests="7" failures="1" errors="1" time="1">
  <testsuite name="a" tests="4" failures="1" errors="0" skipped="1" time="1"></testsuite>
  <testsuite name="b" tests="3" failures="0" errors="1" skipped="0" time="1"></testsuite>
</testsuites>`;
    expect(countJunit(xml)).toEqual({ passed: 4, failed: 2, skipped: 1 });
  });

  it('counts nothing in a report without tests', () => {
    expect(countJunit('<testsuites name="vitest tests"></testsuites>')).toEqual({ passed: 0, failed: 0, skipped: 0 });
  });
});

describe('junitOf', () => {
  it('is counted as one test that passed', () => {
    expect(countJunit(junitOf({ name: 'lint', seconds: 1 }))).toEqual({ passed: 1, failed: 0, skipped: 0 });
  });

  it('is counted as one that failed, whatever the output holds', () => {
    const xml = junitOf({ name: 'types', seconds: 1, failure: '<testsuite tests="9" failures="9"> & "\u001b[31mred"' });
    expect(countJunit(xml)).toEqual({ passed: 0, failed: 1, skipped: 0 });
    expect(xml).not.toContain('\u001b');
  });
});
