/** An address as it may be shown and kept: names, passwords and everything behind a question mark may be keys. */
export function shownUrl(url: string): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname}`.replace(/\/$/, '');
  } catch {
    return 'an address';
  }
}
