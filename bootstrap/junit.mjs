/**
 * Counts of a JUnit report.
 * @param {string} xml
 * @returns {{ passed: number, failed: number, skipped: number }}
 */
export function countJunit(xml) {
  const root = /<testsuites\b[^>]*>/.exec(xml)?.[0] ?? '';
  const number = (/** @type {string} */ text, /** @type {string} */ name) =>
    Number(new RegExp(`\\s${name}="(\\d+)"`).exec(text)?.[1] ?? 0);
  const suites = [...xml.matchAll(/<testsuite\b[^>]*>/g)].map(([text]) => text);
  const sum = (/** @type {string} */ name) => suites.reduce((total, text) => total + number(text, name), 0);
  const tests = root.includes('tests=') ? number(root, 'tests') : sum('tests');
  const failed = sum('failures') + sum('errors');
  const skipped = sum('skipped');
  return { passed: Math.max(0, tests - failed - skipped), failed, skipped };
}

/**
 * Failures in a JUnit report, by the names of the tests and of their files or suites.
 * @param {string} xml
 * @returns {string[]} in the report's order
 */
export function failuresOf(xml) {
  const attribute = (/** @type {string} */ text, /** @type {string} */ name) =>
    new RegExp(`\\s${name}="([^"]*)"`).exec(text)?.[1] ?? '';
  const plain = (/** @type {string} */ text) =>
    text
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&apos;', "'")
      .replaceAll('&amp;', '&');
  // Text between tags is escaped, so every tag is real.
  return [...xml.matchAll(/<testcase\b([^>]*[^/])>(.*?)<\/testcase>/gs)]
    .filter(([, , body]) => /<(failure|error)\b/.test(body ?? ''))
    .map(([, head]) =>
      [attribute(head ?? '', 'classname'), attribute(head ?? '', 'name')]
        .filter((part) => part !== '')
        .map(plain)
        .join(': '),
    );
}

/**
 * A report for one check that writes none itself.
 * @param {{ name: string, seconds: number, failure?: string }} check
 */
export function junitOf({ name, seconds, failure }) {
  const escapeXml = (/** @type {string} */ text) =>
    text
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll(/[^\t\n\r -\uFFFD]/g, '');
  const body = failure === undefined ? '' : `<failure message="failed">${escapeXml(failure)}</failure>`;
  const failures = failure === undefined ? 0 : 1;
  return `<?xml version="1.0" encoding="UTF-8" ?>
<testsuites tests="1" failures="${failures}">
  <testsuite name="${escapeXml(name)}" tests="1" failures="${failures}" errors="0" skipped="0" time="${seconds}">
    <testcase name="${escapeXml(name)}" time="${seconds}">${body}</testcase>
  </testsuite>
</testsuites>
`;
}
